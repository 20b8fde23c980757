"""`python -m bench.second [SEED [DAYS [EACH [BUNDLE]]]]`: how a bundle (the default one) does on a network of other habits.

It prints tables, and writes them as a page into bench/out/second.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.second.abusive import corrupt
from bench.second.acts import DAY, Abuser, World
from bench.second.files import write
from bench.second.honest import settle
from bench.second.page import Part, middle, page
from ringfence.cli.shipped import DEFAULT_BUNDLE

_OUT: Final = Path(__file__).parent.parent / "out" / "second"
_GRACE: Final = DAY
_TABLES: Final = ("accounts", "trunks", "numbers")


def main(seed: int = 1, days: int = 7, each: int = 4, *, bundle: Path = DEFAULT_BUNDLE) -> int:
    """Make it, judge it twice, print what came of it."""
    world = World(seed, days)
    settle(world)
    corrupt(world, each)
    folder = _OUT / str(seed)
    write(world, folder)
    print(f"{len(world.customers)} customers, {len(world.abusers)} abusers, {len(world.acts)} acts, {days} days")
    parts, policy = [], ""
    for name, recorded in (("toll-tickets.txt", True), ("mirror.cap", False)):
        print(f"\n{name}")
        findings = _judged(folder, name, bundle)
        policy = findings[0]["policy"] if findings else policy
        parts.append(_told(world, findings, Part("Call records" if recorded else "Packets"), recorded=recorded))
    size = f"{len(world.customers)} customers, {len(world.abusers)} abusers, {len(world.acts)} acts in {days} days"
    (folder / "page.md").write_text(page(f"python -m bench.second {seed} {days} {each}", policy, size, parts))
    return 0


def _judged(folder: Path, name: str, bundle: Path) -> list[dict[str, Any]]:
    tables = [part for table in _TABLES for part in (f"--{table}", str(folder / f"{table}.csv"))]
    command = [sys.executable, "-m", "ringfence.cli", "scan", str(folder / name), *tables, "--policy", str(bundle), "--json"]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    (folder / f"{name}.said").write_text(ran.stderr)
    (folder / f"{name}.findings").write_text(ran.stdout)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _told(world: World, findings: Sequence[dict[str, Any]], part: Part, *, recorded: bool) -> Part:
    """Print and note, of each kind, how many were found after how many acts; then clauses; then who was touched."""
    hits: dict[int, dict[tuple[str, str], tuple[float, str]]] = defaultdict(dict)
    touched: dict[str, set[tuple[str, str]]] = defaultdict(set)
    by_name = _by_name(world)
    for finding in findings:
        if finding["severity"] not in ("warn", "act"):
            continue
        when = finding["time"] / 1_000_000
        abusers = [
            each
            for each in _abusers(by_name, finding)
            if (each.since or min(each.times)) <= when + 1 and when <= max(each.times) + _GRACE
        ]
        for abuser in abusers:
            key = (finding["clause"], finding["severity"])
            hits[abuser.actor].setdefault(key, (when, finding["rule"]))
        if not abusers:
            touched[finding["severity"]].add((_whom(world, finding), f"{finding['clause']} {finding['rule']}"))
    _kinds(world, hits, part, recorded=recorded)
    _clauses(world, hits, touched, part, recorded=recorded)
    for severity in ("act", "warn"):
        counted = Counter(f"{rule}: {whom.partition('/')[2]}" for whom, rule in touched[severity])
        print(f"innocents, {severity}: {len({whom for whom, _ in touched[severity]})} {dict(counted.most_common())}")
        part.innocents += [(severity, *name.split(": ", 1), str(count)) for name, count in counted.most_common()]
    return part


def _by_name(world: World) -> dict[str, list[Abuser]]:
    known: dict[str, list[Abuser]] = defaultdict(list)
    for abuser in world.abusers:
        for name in abuser.names:
            known[name].append(abuser)
    return known


def _abusers(by_name: dict[str, list[Abuser]], finding: dict[str, Any]) -> list[Abuser]:
    names = {finding["subject"]["id"], *finding["party_path"][-1:]}
    if finding["subject"]["kind"] in ("registration", "pair"):
        first, _, last = finding["subject"]["id"].partition(",")
        names |= {first, last, first.partition("@")[0]}
    return list({each.actor: each for name in names for each in by_name.get(name, ()) if each.times}.values())


def _whom(world: World, finding: dict[str, Any]) -> str:
    names = {finding["subject"]["id"], *finding["party_path"][-1:]}
    names |= {finding["subject"]["id"].partition("@")[0], finding["subject"]["id"].partition(",")[0]}
    for customer in world.customers:
        if names & {customer.name, customer.source, customer.user, *customer.numbers}:
            return f"{customer.name}/{customer.kind}"
    return f"{finding['subject']['id']}/somebody outside"


def _kinds(world: World, hits: dict[int, dict[tuple[str, str], tuple[float, str]]], part: Part, *, recorded: bool) -> None:
    by_kind: dict[tuple[str, str], list[Abuser]] = defaultdict(list)
    for abuser in world.abusers:
        if abuser.times and (abuser.recorded or not recorded):
            by_kind[abuser.clause, abuser.kind].append(abuser)
    for (clause, kind), abusers in sorted(by_kind.items()):
        acts, warns = [], []
        for abuser in abusers:
            own = hits[abuser.actor]
            if (clause, "act") in own:
                when = own[clause, "act"][0]
                acts.append((sum(time <= when for time in abuser.times), round(when - min(abuser.times))))
            warned = [own[clause, severity][0] for severity in ("warn", "act") if (clause, severity) in own]
            if warned:
                warns.append(sum(time <= min(warned) for time in abuser.times))
        until = middle(warns), middle([count for count, _ in acts])
        part.kinds.append((clause, kind, str(len(abusers)), str(len(warns)), str(len(acts)), *until))
        rules = Counter(f"{key[0]}/{rule}/{key[1]}" for abuser in abusers for key, (_, rule) in hits[abuser.actor].items())
        mark = " " if len(acts) == len(abusers) else "!"
        print(f"{mark} {clause:24} {kind:30} {len(abusers)} warned {sorted(warns)} acted {sorted(acts)}")
        if mark == "!":
            print(f"      {dict(rules)}")


def _clauses(
    world: World,
    hits: dict[int, dict[tuple[str, str], tuple[float, str]]],
    touched: dict[str, set[tuple[str, str]]],
    part: Part,
    *,
    recorded: bool,
) -> None:
    for clause in sorted({abuser.clause for abuser in world.abusers}):
        abusers = [abuser for abuser in world.abusers if abuser.clause == clause and (abuser.recorded or not recorded)]
        said: list[str] = []
        row: list[str] = []
        for levels in (("warn", "act"), ("act",)):
            found = sum(any((clause, level) in hits[abuser.actor] for level in levels) for abuser in abusers)
            right = wrong = 0
            for abuser in world.abusers:
                if any((clause, level) in hits[abuser.actor] for level in levels):
                    fits = clause in (abuser.clause, *abuser.also)
                    right, wrong = right + fits, wrong + (not fits)
                    if not fits and levels == ("act",):
                        print(f"      wrong clause: {abuser.kind}: {clause} {hits[abuser.actor][clause, 'act']}")
            wrong += len({whom for level in levels for whom, rule in touched[level] if rule.split()[0] == clause})
            precision = f"{right / (right + wrong):.3f}" if right + wrong else "–"
            said.append(f"recall {found}/{len(abusers)} precision {precision}")
            row += [f"{found} of {len(abusers)}", precision]
        print(f"  {clause:24} warn: {said[0]}   act: {said[1]}")
        if abusers:
            part.clauses.append((clause, *row))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4]), bundle=Path(sys.argv[4]) if len(sys.argv) > 4 else DEFAULT_BUNDLE))
