"""The pass written out for one group of rules.

The general pass looks a group's measures, spans and rules up in `Terms` for each row. Here its functions are read as text, and what
depends on the terms alone is worked out before they are compiled: loops over measures become lines, tests of a measure's function
disappear, places in arrays become numbers, conditions become expressions. So there is one text, of which both forms are made, and
they share every array: a group may change from one to the other between two batches.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numpy as np

from ringfence.watch.kernels import condition_texts, measuring, sampling, slots, windows
from ringfence.watch.kernels.compiled import folder_of, stamp, written
from ringfence.watch.kernels.layout import NOBODY, Batch, Crossings, State, Terms

Pass = Callable[[State, Terms, Batch, int, Crossings], tuple[int, int]]

_KEPT_APART: Final = (
    *(windows.forget, windows.cross, slots.rest_until, slots.wake),
    *(sampling.sample_in, sampling.sample_out, sampling.estimated),
)
_SELDOM: Final = frozenset(cast(Any, each).py_func for each in _KEPT_APART)
"""Left as they are: compiling them anew would cost more than it saves."""
_LONGEST: Final = 64
"""Loops that go round more often stay loops."""
_PASSES_IN_MEMORY: Final = 128
_KERNELS_IN_MEMORY: Final = 128


class Text(NamedTuple):
    """A pass as Python: its functions by their names, the first the one to call."""

    functions: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """What tells it from every other."""
        return blake2b(repr(self.functions).encode(), digest_size=8).hexdigest()


def text_for(terms: Terms) -> Text:
    """Return the pass over `terms` alone as text."""
    writer = _Writer(terms)
    writer.write(windows.advance, {})
    return Text(tuple(writer.functions.items()))


@lru_cache(_PASSES_IN_MEMORY)
def pass_from(text: Text) -> Pass:
    """Return the pass of a text. It is compiled at its first call, and kept on disk under what it does."""
    space = {**vars(measuring), **vars(slots), **vars(windows), **vars(condition_texts), "uint64": np.uint64, "__name__": __name__}
    # Only numbers come from the rules, and the names are those of the kernels: names of the rules never get here.
    exec(compile("\n\n".join(function for _, function in text.functions), __file__, "exec"), space)
    entry = text.functions[0][0]
    for name, _ in text.functions:
        space[name].__name__ = space[name].__qualname__ = f"{name}_{text.digest}"
        space[name] = written(space[name], entry=name == entry)
    return cast(Pass, space[entry])


def is_noted(terms: Terms) -> bool:
    """Tell whether a pass over `terms` was ever kept on disk by these kernels: to write it out only to find that out takes long."""
    note = _note(terms)
    return note is not None and note.exists()


def note(terms: Terms) -> None:
    """Note that a pass over `terms` is kept."""
    file = _note(terms)
    if file is not None:
        with suppress(OSError):
            file.touch()


def _note(terms: Terms) -> Path | None:
    folder = folder_of(windows.advance)
    digest = blake2b(repr(stamp()).encode(), digest_size=8)
    for name, value in terms._asdict().items():
        digest.update(name.encode() + (value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()))
    return None if folder is None else folder / f"written-{digest.hexdigest()}.note"


def is_kept(made: Callable[..., object]) -> bool:
    """Tell whether a pass is compiled: in this process, or by the compiler's cache, from the kernels as they are now."""
    file = getattr(getattr(made, "_cache", None), "_cache_file", None)
    return bool(getattr(made, "signatures", ())) or (file is not None and bool(file._load_index()))


class _Writer:
    """Writes kernels out for `terms`: `functions` has their texts by their new names."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.functions: dict[str, str] = {}

    def write(self, kernel: Any, known: dict[str, Any]) -> str:  # noqa: ANN401 - Numba's dispatcher
        """Write `kernel` out for the arguments that are known, which it then no longer takes; return its new name."""
        source = kernel.py_func
        name = "_".join(("written", source.__name__, *(str(value) for value in known.values())))
        if name not in self.functions:
            self.functions[name] = ""  # keeps its place
            function = _parsed(source)
            function.name, function.decorator_list, function.returns = name, [], None
            function.args.args = [ast.arg(each.arg) for each in function.args.args if each.arg not in known]
            if source.__name__ == "conditions_hold":
                function.body = ast.parse(_conditions(self.terms)).body
            else:
                function = _Lines(self, source, known).visit(function)
            self.functions[name] = ast.unparse(ast.fix_missing_locations(function))
        return name


class _Lines(ast.NodeTransformer):
    """Rewrites one kernel's text. `known` are the local names that stand for numbers."""

    def __init__(self, writer: _Writer, source: Any, known: dict[str, Any]) -> None:  # noqa: ANN401 - a function
        self._writer = writer
        self._globals = source.__globals__
        self._locals = frozenset(source.__code__.co_varnames)
        stored = [node.id for node in ast.walk(_parsed(source)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        self._set_once = frozenset(name for name in stored if stored.count(name) == 1)
        self._known = dict(known)

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 - as the base has it
        """Put a number where one is known."""
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            value = self._value(node)
            if isinstance(value, np.uint64):
                return ast.parse(f"uint64({int(value)})", mode="eval").body
            if isinstance(value, bool | int | float | np.int64):
                return ast.Constant(int(value) if isinstance(value, np.int64) else value)
        return super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Leave the docstring out."""
        node.body = self._block(node.body[1:])
        return node

    def visit_For(self, node: ast.For) -> Any:  # noqa: ANN401 - one statement or several
        """Write a loop out whose bounds are known."""
        bounds = [self._value(bound) for bound in cast(ast.Call, node.iter).args]
        if all(bound is not None for bound in bounds) and len(rounds := range(*map(int, bounds))) <= _LONGEST:
            lines: list[ast.stmt] = []
            for value in rounds:
                self._known[cast(ast.Name, node.target).id] = value
                lines += self._block([_copied(line) for line in node.body])
            return lines
        node.iter = self.visit(node.iter)
        node.body = self._block(node.body)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        """Rewrite its test and its body."""
        node.test = self.visit(node.test)
        node.body = self._block(node.body)
        return node

    def visit_If(self, node: ast.If) -> Any:  # noqa: ANN401 - likewise
        """Keep what is done where it is known which."""
        truth = self._value(node.test)
        if truth is not None:
            return self._block(node.body if truth else node.orelse)
        node.test = self.visit(node.test)
        node.body = self._block(node.body)
        node.orelse = self._block(node.orelse) if node.orelse else []
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:  # noqa: ANN401 - a statement or none
        """Remember what a name stands for that gets no other value."""
        match node.targets:
            case [ast.Name(id=name)] if name in self._set_once and (value := self._value(node.value)) is not None:
                self._known[name] = value
                return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Call the kernel that is written out for what is known, where it depends on the terms."""
        kernel = self._globals.get(node.func.id) if isinstance(node.func, ast.Name) else None
        source = getattr(kernel, "py_func", None)
        names = inspect.signature(source).parameters if source is not None and source not in _SELDOM else {}
        if "terms" not in names:
            return self.generic_visit(node)
        values = {name: self._value(argument) for name, argument in zip(names, node.args, strict=True)}
        known = {name: int(value) for name, value in values.items() if isinstance(value, int | np.int64)}
        arguments = [self.visit(argument) for name, argument in zip(names, node.args, strict=True) if name not in known]
        return ast.Call(ast.Name(self._writer.write(kernel, known), ast.Load()), arguments, [])

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        lines: list[ast.stmt] = []
        for statement in statements:
            rewritten = self.visit(statement)
            lines += rewritten if isinstance(rewritten, list) else [] if rewritten is None else [rewritten]
        return lines or [ast.Pass()]

    def _value(self, node: ast.expr) -> Any:  # noqa: ANN401 - a number, an array, or the terms
        """Return what an expression comes to, or `None` where that is not known."""
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return value
            case ast.Name(id="terms"):
                return self._writer.terms
            case ast.Name(id=name):
                number = self._known.get(name) if name in self._locals else self._globals.get(name)
                return number if isinstance(number, int | np.int64) else None
            case ast.Attribute(value=inner, attr=attribute):
                return _attribute(self._value(inner), attribute)
            case ast.Subscript(value=inner, slice=place):
                array, at = self._value(inner), self._value(place)
                return array[at] if isinstance(array, np.ndarray) and at is not None else None
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
                return _joined(self._value(left), sign, self._value(right))
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
                return _joined(self._value(left), sign, self._value(right))
            case ast.BoolOp(op=ast.And(), values=values):
                truths = [self._value(each) for each in values]
                return False if any(truth is not None and not truth for truth in truths) else True if all(truths) else None
            case ast.BoolOp(op=ast.Or(), values=values):
                truths = [self._value(each) for each in values]
                return True if any(truths) else None if None in truths else False
        return None


def _attribute(value: object, name: str) -> Any:  # noqa: ANN401 - as `_value`
    if isinstance(value, Terms):
        return getattr(value, name)
    return value.size if isinstance(value, np.ndarray) and name == "size" else None


def _joined(left: Any, sign: ast.operator | ast.cmpop, right: Any) -> Any:  # noqa: ANN401 - as `_value`
    if left is None or right is None:
        return None
    match sign:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
    return bool(left == right) is isinstance(sign, ast.Eq)


def _parsed(source: Any) -> ast.FunctionDef:  # noqa: ANN401 - a function
    return cast(ast.FunctionDef, ast.parse(_text_of(source)).body[0])


@lru_cache(_KERNELS_IN_MEMORY)
def _text_of(source: Any) -> str:  # noqa: ANN401 - a function
    return textwrap.dedent(inspect.getsource(source))


def _copied(node: Any) -> Any:  # noqa: ANN401 - a node, a list of them, or what stands in one
    """Return a copy of a tree without its lines and columns, ten times sooner than `copy.deepcopy`."""
    if isinstance(node, list):
        return [_copied(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    return type(node)(**{name: _copied(value) for name, value in ast.iter_fields(node)})


def _conditions(terms: Terms) -> str:
    rules = range(terms.rule_span.size)
    lines = [f"if {_may(terms, rule)}{condition_texts.condition_text(terms, rule)}: bits |= uint64({1 << rule})" for rule in rules]
    return "\n".join(("bits = uint64(0)", *lines, "return bits"))


def _may(terms: Terms, rule: int) -> str:
    """Return what is asked before a rule's condition."""
    before = int(terms.only_after[rule])
    return "" if before == NOBODY else f"bits & uint64({1 << before}) and "
