"""The four rules in other engines. Each gives findings as (rule, account, time), in the order of times, rules by their numbers.

The window is (t - 10 min, t]. Rule 0: 300 calls and more, over 0.95 of the callees different. Rule 1: 100 answered and more, over
half of them under six seconds. Rule 2: 300 calls and more, under 0.05 answered. Rule 3: 80 calls and more within a minute. An edge
within 15 minutes of a finding of the same rule and account gives none.
"""

import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.engines.workload import SHORT_US, Calls

WINDOW_US = 600_000_000
MINUTE_US = 60_000_000
COOL_DOWN_US = 900_000_000
Found = list[tuple[int, int, int]]
Timed = tuple[float, Found]

_SOURCE = Path(__file__).with_name("single_pass.c")

_SQL = f"""
with minutes as (
  select *, count(*) over (partition by account order by time range between {MINUTE_US - 1} preceding and current row) as recent
  from calls
), measured as (
  select account, time, count(*) over w as calls, count(distinct callee) over w as callees,
    sum(answered::int) over w as met, sum((answered and duration < {SHORT_US})::int) over w as brief, max(recent) over w as peak
  from minutes
  window w as (partition by account order by time range between {WINDOW_US - 1} preceding and current row)
), held as (
  select account, time, calls >= 300 and callees / calls > 0.95 as r0, met >= 100 and brief / met > 0.5 as r1,
    calls >= 300 and met / calls < 0.05 as r2, peak >= 80 as r3
  from measured
), edges as (
  select account, time, r0, r1, r2, r3, lag(r0, 1, false) over o as b0, lag(r1, 1, false) over o as b1,
    lag(r2, 1, false) over o as b2, lag(r3, 1, false) over o as b3
  from held window o as (partition by account order by time)
)
select account, time, r0 and not b0, r1 and not b1, r2 and not b2, r3 and not b3 from edges
where (r0 and not b0) or (r1 and not b1) or (r2 and not b2) or (r3 and not b3) order by time
"""


def in_c(calls: Calls) -> Timed:
    """Run the program in C, compiled by `cc -O3`. Its own clock leaves reading the files out."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "single_pass"
        subprocess.run(["cc", "-O3", "-o", program, _SOURCE], check=True)
        paths = [Path(folder) / name for name in calls._fields]
        for path, column in zip(paths, calls, strict=True):
            column.tofile(path)
        done = subprocess.run([program, str(calls.time.size), *paths], check=True, capture_output=True, text=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return float(done.stderr), sorted(((int(r), int(a), int(t)) for r, a, t in lines), key=lambda each: (each[2], each[0]))


def in_duckdb(calls: Calls) -> Timed:
    """Window functions in SQL; the cool-down in Python, which SQL can't say."""
    import duckdb  # noqa: PLC0415 - heavy, and needed here alone

    with duckdb.connect() as database:
        database.register("given", dict(zip(calls._fields, calls, strict=True)))
        database.execute("create table calls as select * from given")
        begin = time.perf_counter()
        rows = database.execute(_SQL).fetchall()
        return time.perf_counter() - begin, cooled((account, at, edges) for account, at, *edges in rows)


def in_polars(calls: Calls) -> Timed:
    """Rolling groups; edges and cool-down over its columns."""
    import polars as pl  # noqa: PLC0415 - heavy, and needed here alone

    frame = pl.DataFrame(dict(zip(calls._fields, calls, strict=True)))
    begin = time.perf_counter()
    recent = frame.rolling("time", period=f"{MINUTE_US}i", group_by="account").agg(pl.len().alias("recent"))
    whole = frame.join(recent, on=["account", "time"], how="left").sort("time")
    brief = pl.col("answered") & (pl.col("duration") < SHORT_US)
    measured = whole.rolling("time", period=f"{WINDOW_US}i", group_by="account").agg(
        pl.len().cast(pl.Float64).alias("calls"),
        pl.col("callee").n_unique().alias("callees"),
        pl.col("answered").sum().alias("met"),
        brief.sum().alias("brief"),
        pl.col("recent").max().alias("peak"),
    )
    held = measured.select(
        "account",
        "time",
        r0=(pl.col("calls") >= 300) & (pl.col("callees") / pl.col("calls") > 0.95),
        r1=(pl.col("met") >= 100) & (pl.col("brief") / pl.col("met") > 0.5),
        r2=(pl.col("calls") >= 300) & (pl.col("met") / pl.col("calls") < 0.05),
        r3=pl.col("peak") >= 80,
    )
    names = ("r0", "r1", "r2", "r3")
    edges = held.with_columns(pl.col(name) & ~pl.col(name).shift(1, fill_value=False).over("account") for name in names)
    rows = edges.filter(pl.any_horizontal(names)).sort("time").rows()
    return time.perf_counter() - begin, cooled((account, at, told) for account, at, *told in rows)


def in_python(calls: Calls) -> Timed:
    """The obvious loop over dictionaries and deques."""
    begin = time.process_time()
    rows = list(_edges(calls))
    return time.process_time() - begin, cooled(rows)


def cooled(edges: Iterable[tuple[int, int, list[bool]]]) -> Found:
    """Return what is left of edges (account, time, which rules) after each rule's cool-down."""
    quiet: dict[tuple[int, int], int] = {}
    found: Found = []
    for account, at, rules in edges:
        for rule, crossed in enumerate(rules):
            if crossed and at >= quiet.get((rule, account), 0):
                quiet[rule, account] = at + COOL_DOWN_US
                found.append((rule, account, at))
    return found


class _Account:
    """What the loop remembers of one account."""

    def __init__(self) -> None:
        self.calls: deque[tuple[int, int, bool, bool, int]] = deque()
        self.minute: deque[int] = deque()
        self.callees: dict[int, int] = {}
        self.peaks: deque[tuple[int, int]] = deque()
        self.met = self.brief = 0
        self.held = [False] * 4


def _edges(calls: Calls) -> Iterator[tuple[int, int, list[bool]]]:
    accounts: dict[int, _Account] = {}
    columns = (column.tolist() for column in calls)
    for at, name, callee, met, duration in zip(*columns, strict=True):
        account = accounts.get(name)
        if account is None:
            account = accounts[name] = _Account()
        _leave(account, at)
        brief = met and duration < SHORT_US
        account.calls.append((at, callee, met, brief, 0))
        account.callees[callee] = account.callees.get(callee, 0) + 1
        account.met += met
        account.brief += brief
        account.minute.append(at)
        recent = len(account.minute)
        while account.peaks and account.peaks[-1][1] <= recent:
            account.peaks.pop()
        account.peaks.append((at, recent))
        count = len(account.calls)
        holds = [
            count >= 300 and len(account.callees) / count > 0.95,
            account.met >= 100 and account.brief / account.met > 0.5,
            count >= 300 and account.met / count < 0.05,
            account.peaks[0][1] >= 80,
        ]
        crossed = [now and not before for now, before in zip(holds, account.held, strict=True)]
        account.held = holds
        if any(crossed):
            yield name, at, crossed


def _leave(account: _Account, at: int) -> None:
    while account.minute and account.minute[0] <= at - MINUTE_US:
        account.minute.popleft()
    while account.peaks and account.peaks[0][0] <= at - WINDOW_US:
        account.peaks.popleft()
    while account.calls and account.calls[0][0] <= at - WINDOW_US:
        _, callee, met, brief, _ = account.calls.popleft()
        account.met -= met
        account.brief -= brief
        left = account.callees[callee] - 1
        if left:
            account.callees[callee] = left
        else:
            del account.callees[callee]
