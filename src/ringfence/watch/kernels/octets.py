"""Octets of a text looked at together: a word of eight as one number, sixty-four of a line at once."""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner

LOOKED_AT: Final = 64
"""Octets that are looked at together."""
_WORD_BITS: Final = 64
_OCTETS: Final = 8
_ZEROS: Final = np.uint64(0x3030303030303030)
_ABOVE_NINE: Final = np.uint64(0x7676767676767676)
_HIGHEST: Final = np.uint64(0x8080808080808080)
_QUOTE: Final = 34
_TAB: Final = 9
_NEWLINE: Final = 10
_BLANK: Final = 32


def _loaded(context: Any, builder: Any, signature: Any, arguments: Any, type_: Any) -> Any:  # noqa: ANN401 - Numba's own types
    """Return what stands at a place of an array, wherever that is: machines read so, NumPy's arrays don't."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    octets = builder.gep(array.data, [arguments[1]])
    value = builder.load(builder.bitcast(octets, type_.as_pointer()))
    value.align = 1
    return value


def _load_word(_typing: Any, data: Any, place: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to read eight octets at any place as one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        return _loaded(context, builder, signature, arguments, ir.IntType(_WORD_BITS))

    return types.uint64(data, types.int64), generate


def _count_below(_typing: Any, word: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to count a word's zero bits below its lowest one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


def _count_ones(_typing: Any, word: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to count the ones of a word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


def _of_all(octet: Any, builder: Any) -> Any:  # noqa: ANN401 - likewise
    """Return sixty-four times one octet."""
    if isinstance(octet, int):
        return ir.Constant(ir.VectorType(ir.IntType(8), LOOKED_AT), [octet] * LOOKED_AT)
    vector = ir.Constant(ir.VectorType(ir.IntType(8), LOOKED_AT), ir.Undefined)
    first = builder.insert_element(vector, octet, ir.Constant(ir.IntType(32), 0))
    nowhere = ir.Constant(ir.VectorType(ir.IntType(32), LOOKED_AT), [0] * LOOKED_AT)
    return builder.shuffle_vector(first, vector, nowhere)


def _mark_special(_typing: Any, data: Any, place: Any, delimiter: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to find, of 64 octets, those that end values or need a closer look."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        octets = _loaded(context, builder, signature, arguments, ir.VectorType(ir.IntType(8), LOOKED_AT))
        # As numbers with a sign, octets beyond ASCII are less than a blank too.
        low = builder.icmp_signed("<", octets, _of_all(_BLANK, builder))
        marks = builder.and_(low, builder.icmp_signed("!=", octets, _of_all(_TAB, builder)))
        marks = builder.or_(marks, builder.icmp_signed("==", octets, _of_all(_QUOTE, builder)))
        marks = builder.or_(marks, builder.icmp_signed("==", octets, _of_all(arguments[2], builder)))
        return builder.bitcast(marks, ir.IntType(_WORD_BITS))

    return types.uint64(data, types.int64, types.uint8), generate


def _mark_newlines(_typing: Any, data: Any, place: Any) -> Any:  # noqa: ANN401, ARG001 - likewise
    """Return what Numba needs to find the newlines of 64 octets."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        octets = _loaded(context, builder, signature, arguments, ir.VectorType(ir.IntType(8), LOOKED_AT))
        return builder.bitcast(builder.icmp_signed("==", octets, _of_all(_NEWLINE, builder)), ir.IntType(_WORD_BITS))

    return types.uint64(data, types.int64), generate


zeros_below: Final[Callable[[np.uint64], np.uint64]] = cast(Any, intrinsic(_count_below))
"""How many zero bits a word has below its lowest one; 64 where it has none."""
ones: Final[Callable[[np.uint64], np.uint64]] = cast(Any, intrinsic(_count_ones))
"""How many ones a word has."""
word_at: Final[Callable[[NDArray[np.uint8], int], np.uint64]] = cast(Any, intrinsic(_load_word))
"""The eight octets at a place as one number, the first the lowest. They must be there."""
_specials_at: Final[Callable[[NDArray[np.uint8], int, np.uint8], np.uint64]] = cast(Any, intrinsic(_mark_special))
_newlines_at: Final[Callable[[NDArray[np.uint8], int], np.uint64]] = cast(Any, intrinsic(_mark_newlines))


@inner
def octets_at(data: NDArray[np.uint8], place: int) -> np.uint64:
    """Return the eight octets at a place as one number, the first the lowest; 0 for those behind the end."""
    if place + _OCTETS <= data.size:
        return word_at(data, place)
    word = np.uint64(0)
    for nth in range(data.size - place):
        word |= np.uint64(data[place + nth]) << np.uint64(8 * nth)
    return word


@inner
def first_octets(word: np.uint64, count: int) -> np.uint64:
    """Return a word of which the first `count` octets alone are left."""
    if count >= _OCTETS:
        return word
    if count <= 0:
        return np.uint64(0)
    return word & ((np.uint64(1) << np.uint64(8 * count)) - np.uint64(1))


@compiled
def specials(data: NDArray[np.uint8], place: int, delimiter: int) -> np.uint64:
    """Return a bit for each of the 64 octets from `place` on: a delimiter, a quotation mark, a control but no tab, beyond ASCII."""
    if place + LOOKED_AT <= data.size:
        return _specials_at(data, place, np.uint8(delimiter))
    marks = np.uint64(0)
    for nth in range(data.size - place):
        octet = data[place + nth]
        if (octet < _BLANK and octet != _TAB) or octet >= 128 or octet in (_QUOTE, delimiter):
            marks |= np.uint64(1) << np.uint64(nth)
    return marks


@compiled
def count_lines(data: NDArray[np.uint8]) -> int:
    """Return how many newlines there are."""
    count = 0
    place = 0
    while place + LOOKED_AT <= data.size:
        count += int(np.int64(ones(_newlines_at(data, place))))
        place += LOOKED_AT
    while place < data.size:
        count += int(data[place] == _NEWLINE)
        place += 1
    return count


@inner
def no_digits(word: np.uint64) -> np.uint64:
    """Return the highest bit of each octet that is no digit, up to the first such octet; what is beyond means nothing."""
    digits = word - _ZEROS  # an octet below "0" borrows from those above it
    return ((digits + _ABOVE_NINE) | digits) & _HIGHEST


@inner
def are_digits(word: np.uint64, count: int) -> bool:
    """Tell whether the first `count` octets of a word, at most eight, are digits."""
    return bool(first_octets(no_digits(word), count) == 0)


@inner
def eight_digits(digits: np.uint64) -> int:
    """Return the number of eight digits, each an octet from 0 to 9, the first the lowest."""
    digits = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    digits = (digits * np.uint64(100) + (digits >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return int(np.int64((digits * np.uint64(10_000) + (digits >> np.uint64(32))) & np.uint64(0xFFFFFFFF)))
