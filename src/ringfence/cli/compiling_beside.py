"""A first start compiles in two processes: the longest kernels in one beside it, which it waits for where it needs them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Final

from ringfence.policy.expressions import Comparison, Field, Literal, MeasureValue, Type
from ringfence.policy.plan import Measure, MeasureFunction, Rolling, Rule, Tier
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.calls import Tracker
from ringfence.watch.columns import TextHashes
from ringfence.watch.kernels import calls, windows
from ringfence.watch.kernels.compiled import folder_of
from ringfence.watch.kernels.specialising import is_kept
from ringfence.watch.windows import Limits, RuleGroup

WINDOWS: Final = "windows"
CALLS: Final = "calls"
_KERNELS: Final[dict[str, Callable[..., object]]] = {WINDOWS: windows.advance, CALLS: calls.follow}
"""What takes longest of each part; the other kernels take a second or two."""
_PROGRAM: Final = "import sys; from ringfence.cli.compiling_beside import compile_now; compile_now(sys.argv[1:])"
_RECORDS: Final = frozenset({".csv", ".json", ".jsonl", ".log", ".parquet", ".txt"})
"""Files that end so hold no signalling."""


def parts_for(files: Iterable[Path]) -> tuple[str, ...]:
    """Return what is worth compiling beside a scan of files, as their names suggest."""
    return (WINDOWS,) if all(file.suffix.lower() in _RECORDS for file in files) else (WINDOWS, CALLS)


def compile_beside(*parts: str) -> bool:
    """Have those of the parts compiled by a process beside this one that no process compiled yet; tell whether there are any.

    Nothing is begun where it would help nobody: on one processor, or where compiled code can't be kept. The process ends by
    itself, also when this one is gone: what it has compiled stays.
    """
    missing = [part for part in parts if not is_kept(_KERNELS[part])]
    if missing and len(os.sched_getaffinity(0)) > 1 and folder_of(windows.advance) is not None:
        nowhere = subprocess.DEVNULL
        command = [sys.executable, "-c", _PROGRAM, *missing]
        process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
        Thread(target=process.wait, daemon=True).start()  # so that nothing is left of it in the system's table
    return bool(missing)


def compile_now(parts: Iterable[str]) -> None:
    """Compile the parts, and keep them."""
    for part in parts:
        if part == WINDOWS:
            RuleGroup([_any_rule()], TextHashes(b""), Limits()).prepare()
        else:
            Tracker.prepare()


def _any_rule() -> Rule:
    """Return a rule: the general pass is the same for all."""
    when = Comparison(">", MeasureValue("events"), Literal(1.0, Type.NUMBER))
    return Rule(
        name="any",
        clause="any",
        says="",
        source="",
        on=EventKind.ATTEMPT,
        where=None,
        key=(Field("account", Type.TEXT),),
        subject=SubjectKind.ACCOUNT,
        subject_parts=(0,),
        windows=(Rolling("minute", Micros(MINUTE)),),
        measures=(Measure("events", MeasureFunction.COUNT, window="minute"),),
        tiers=(Tier(when, Severity.INFO),),
        mode=Mode.SHADOW,
        cool_down_us=Micros(MINUTE),
    )
