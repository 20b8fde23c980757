"""A call step by step, as arrows between who called and who answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ringfence.report.charts.drawing import WIDTH, Drawing
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MILLISECOND
from ringfence.words.writing import Writer, length, moment

_LEFT: Final = 170
_RIGHT: Final = WIDTH - 150
_TOP: Final = 46
_STEP: Final = 34


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow. `forward`: from the calling side. `after` is how long after the first step, empty where that is not known."""

    after: str
    forward: bool
    says: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The picture and its table."""

    call_id: str
    time: str
    heading: str
    drawing: Markup
    steps: tuple[Step, ...]


def ladder(events: Sequence[Event], writer: Writer) -> Ladder:
    """Return one call's picture. `events` are those of one Call-ID, in their order, and at least one."""
    first = min(events, key=lambda event: event.time)
    steps = steps_of(events)
    left, right = writer.text(first.caller, 24), writer.text(_called(first), 24)
    heading = f"{first.method.upper()[:12]} from {left} for {right}"
    drawing = Drawing(
        _TOP + _STEP * len(steps) + 12, title=heading, description="; ".join(f"{step.after} {step.says}" for step in steps)
    )
    for x, name, address in ((_LEFT, left, first.source), (_RIGHT, right, first.destination)):
        drawing.text(x, 16, name, "heading foreign", anchor="middle")
        drawing.text(x, 32, writer.text(address, 40) if address else "", "label foreign", anchor="middle")
        drawing.line((x, _TOP - 8), (x, _TOP + _STEP * len(steps) + 4), "axis")
    for place, step in enumerate(steps):
        y = _TOP + _STEP * place + 18
        start, end = (_LEFT, _RIGHT) if step.forward else (_RIGHT, _LEFT)
        tip = -7 if step.forward else 7
        drawing.text(_LEFT - 12, y + 4, step.after, anchor="end")
        drawing.text((_LEFT + _RIGHT) / 2, y - 5, step.says, anchor="middle")
        drawing.line((start, y), (end, y), "arrow")
        drawing.path([(end, y), (end + tip, y - 4), (end + tip, y + 4)], "arrow-tip", closed=True)
    return Ladder(writer.text(first.call_id), moment(first.time), heading, drawing.markup(), steps)


def _called(event: Event) -> str | None:
    """Return who the request goes to: for REGISTER the registrar's domain."""
    if event.method == "REGISTER":
        return event.domain
    return event.callee if event.callee is not None else event.target


def steps_of(events: Sequence[Event]) -> tuple[Step, ...]:
    """Return the arrows that the events stand for. A request that is a call's own INVITE is not drawn beside its call.

    A request's event has the time of its answer, so its first arrow has none.
    """
    start = min(event.time for event in events)
    calls = any(event.kind is EventKind.ATTEMPT for event in events)
    steps: list[Step] = []
    for event in sorted(events, key=lambda event: (event.time, event.sequence)):
        after = f"+{length(event.time - start)}"
        match event.kind:
            case EventKind.ATTEMPT:
                steps.append(Step(after, True, "INVITE"))
            case EventKind.ANSWER:
                rang = f", after ringing {length(event.ring_ms * MILLISECOND)}" if event.ring_ms else ""
                steps.append(Step(after, False, f"{event.status or 200} answered{rang}"))
            case EventKind.END:
                steps.append(_end(event, after))
            case EventKind.REQUEST if not (calls and event.method == "INVITE"):
                steps += _request(event, after)
    return tuple(steps)


def _end(event: Event, after: str) -> Step:
    by = {"caller": "the caller", "callee": "the called side", "network": "the network"}.get(event.released_by or "", "")
    if event.answered:
        ended = f"BYE, ended by {by}" if by else "ended"
        return Step(after, event.released_by == "caller", f"{ended} after {length(event.duration_ms * MILLISECOND)}")
    if event.released_by == "caller":
        return Step(after, True, "CANCEL or given up by the caller")
    return Step(after, False, f"{event.status} not answered" if event.status else "not answered")


def _request(event: Event, after: str) -> list[Step]:
    method = event.method if event.method.isalpha() else "request"
    carried = " with credentials" if event.credentials else ""
    answer = str(event.status) if event.status else "no answer"
    return [Step("", True, f"{method[:12]}{carried}"), Step(after, False, f"{answer}{_MEANING.get(event.status, '')}")]


_MEANING: Final = {
    200: " accepted",
    401: " asks for credentials",
    403: " refused",
    404: " no such user",
    407: " asks for credentials",
    408: " nobody answered in time",
}
