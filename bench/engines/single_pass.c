/* The four rules of the benchmark in one pass and nothing else: what a program that can do only this needs.

   single_pass N times keys callees answered durations: files of N little-endian int64, uint64, uint64, uint8, int64 (microseconds).
   Prints each finding as RULE KEY TIME, then the seconds that the pass took on standard error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WINDOW = 600000000, MINUTE = 60000000, COOL_DOWN = 900000000, RULES = 4, NOBODY = -1 };

typedef struct { uint64_t key; int64_t value; } cell;
typedef struct { cell *cells; uint64_t mask; } table;
typedef struct {
  int64_t calls, callees, answered, brief, minute; /* minute: calls of the last 60 s */
  int64_t largest, smallest;                        /* ends of the falling run of `minute` over the window */
  int64_t quiet_until[RULES];
  uint8_t holds[RULES];
} account;
typedef struct { int64_t larger, smaller, count; uint64_t pair; int32_t owner; } row;

static table made(uint64_t places) {
  table t = {calloc(places, sizeof(cell)), places - 1};
  return t;
}

static cell *at(table *t, uint64_t key) {
  uint64_t place = key & t->mask;
  while (t->cells[place].key && t->cells[place].key != key) place = (place + 1) & t->mask;
  return &t->cells[place];
}

static void drop(table *t, cell *found) {
  uint64_t gap = found - t->cells, probe = (gap + 1) & t->mask;
  while (t->cells[probe].key) {
    uint64_t home = t->cells[probe].key & t->mask;
    if (((probe - home) & t->mask) >= ((probe - gap) & t->mask)) {
      t->cells[gap] = t->cells[probe];
      gap = probe;
    }
    probe = (probe + 1) & t->mask;
  }
  t->cells[gap].key = 0;
}

static uint64_t mixed(uint64_t a, uint64_t b) {
  uint64_t x = a * 0x9E3779B97F4A7C15u + b;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  x ^= x >> 31;
  return x ? x : 1;
}

static void *column(const char *path, size_t octets) {
  void *content = malloc(octets);
  FILE *file = fopen(path, "rb");
  if (!file || !content || fread(content, 1, octets, file) != octets) {
    perror(path);
    exit(2);
  }
  fclose(file);
  return content;
}

int main(int count, char **words) {
  if (count != 7) return 2;
  int64_t n = atoll(words[1]);
  int64_t *time = column(words[2], 8 * n), *duration = column(words[6], 8 * n);
  uint64_t *key = column(words[3], 8 * n), *callee = column(words[4], 8 * n);
  uint8_t *answered = column(words[5], n);
  uint64_t ring = 1 << 22;
  table owners = made(1 << 20), pairs = made(2 * ring);
  account *accounts = calloc(1 << 19, sizeof(account));
  row *rows = malloc(ring * sizeof(row));
  int64_t tail = 0, minute_tail = 0, used = 0, found = 0;
  int64_t (*findings)[3] = malloc(sizeof(int64_t[3]) << 20);
  struct timespec begun, ended;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
  for (int64_t i = 0; i < n; i++) {
    int64_t now = time[i];
    for (; time[minute_tail] <= now - MINUTE; minute_tail++) accounts[rows[minute_tail & (ring - 1)].owner].minute--;
    for (; time[tail] <= now - WINDOW; tail++) {
      row *old = &rows[tail & (ring - 1)];
      account *a = &accounts[old->owner];
      a->calls--;
      a->answered -= answered[tail];
      a->brief -= answered[tail] && duration[tail] < 6000000;
      cell *pair = at(&pairs, old->pair);
      if (pair->value == tail) {
        drop(&pairs, pair);
        a->callees--;
      }
      if (a->largest == tail) {
        a->largest = old->smaller;
        if (a->largest == NOBODY) a->smallest = NOBODY;
        else rows[a->largest & (ring - 1)].larger = NOBODY;
      }
      if (!a->calls) memset(a->holds, 0, RULES);
    }
    if (i - tail >= (int64_t)ring) {
      fputs("more calls in a window than the ring holds\n", stderr);
      return 2;
    }
    cell *owner = at(&owners, key[i]);
    if (!owner->key) {
      owner->key = key[i];
      owner->value = used;
      accounts[used].largest = accounts[used].smallest = NOBODY;
      used++;
    }
    account *a = &accounts[owner->value];
    row *fresh = &rows[i & (ring - 1)];
    fresh->owner = owner->value;
    fresh->pair = mixed(key[i], callee[i]);
    a->calls++;
    a->answered += answered[i];
    a->brief += answered[i] && duration[i] < 6000000;
    cell *pair = at(&pairs, fresh->pair);
    if (!pair->key) {
      pair->key = fresh->pair;
      a->callees++;
    }
    pair->value = i;
    fresh->count = ++a->minute;
    int64_t last = a->smallest;
    while (last != NOBODY && rows[last & (ring - 1)].count <= fresh->count) last = rows[last & (ring - 1)].larger;
    if (last == NOBODY) a->largest = i;
    else rows[last & (ring - 1)].smaller = i;
    fresh->larger = last;
    fresh->smaller = NOBODY;
    a->smallest = i;
    int64_t peak = rows[a->largest & (ring - 1)].count;
    uint8_t holds[RULES] = {
        a->calls >= 300 && (double)a->callees / a->calls > 0.95,
        a->answered >= 100 && (double)a->brief / a->answered > 0.5,
        a->calls >= 300 && (double)a->answered / a->calls < 0.05,
        peak >= 80,
    };
    for (int rule = 0; rule < RULES; rule++) {
      if (holds[rule] && !a->holds[rule] && now >= a->quiet_until[rule]) {
        int64_t *told = findings[found++];
        told[0] = rule, told[1] = (int64_t)key[i], told[2] = now;
        a->quiet_until[rule] = now + COOL_DOWN;
      }
      a->holds[rule] = holds[rule];
    }
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
  for (int64_t f = 0; f < found; f++)
    printf("%lld %llu %lld\n", (long long)findings[f][0], (unsigned long long)findings[f][1], (long long)findings[f][2]);
  fprintf(stderr, "%.6f\n", ended.tv_sec - begun.tv_sec + (ended.tv_nsec - begun.tv_nsec) / 1e9);
  return 0;
}
