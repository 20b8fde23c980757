"""Whoever looks at the log sees that kernels are compiled, and that it has an end."""

from dataclasses import dataclass, field

from numba import njit

from ringfence.cli.compiling import compiling_said


@dataclass
class Notes:
    """What was said."""

    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def info(self, event: str, **fields: object) -> None:
        self.said.append((event, fields))

    warning = error = info


def test_what_is_compiled_is_said_and_what_is_compiled_already_is_not() -> None:
    inner = njit(lambda number: number + 1)
    outer = njit(lambda number: inner(number) * 2)
    notes = Notes()
    with compiling_said(notes):
        assert outer(1) == 4
        assert outer(2) == 6
    assert [event for event, _ in notes.said] == ["kernels.compiling", "kernels.compiling", "kernels.compiled"]
    told, done = notes.said[1][1], notes.said[2][1]
    assert (told["done"], done["kernels"]) == (2, 2)
    assert isinstance(told["of"], int)
    assert told["of"] >= 2
    again = Notes()
    with compiling_said(again):
        assert outer(3) == 8
    assert again.said == []
