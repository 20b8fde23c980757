"""Asking the processor to fetch what will soon be read."""

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

AHEAD: Final = 12
"""How many rows ahead: about as long as memory takes."""
_NUMBA: Final[Any] = cgutils  # without types
_OCTETS: Final = ir.IntType(8).as_pointer()
_WORD: Final = ir.IntType(32)


def _fetch(_typing: Any, table: Any, row: Any, column: Any) -> Any:  # noqa: ANN401, ARG001 - Numba's own types
    """Return what Numba needs to have the place `table[row, column]`, which need not exist, fetched into the processor's cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = _NUMBA.get_item_pointer(context, builder, signature.args[0], array, arguments[1:], wraparound=False)
        kind = ir.FunctionType(ir.VoidType(), [_OCTETS, _WORD, _WORD, _WORD])
        prefetch = _NUMBA.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for_reading, keep, as_data = _WORD(0), _WORD(3), _WORD(1)
        builder.call(prefetch, [builder.bitcast(place, _OCTETS), for_reading, keep, as_data])
        return context.get_dummy_value()

    return types.void(table, types.int64, types.int64), generate


fetch: Final[Callable[[NDArray[Any], int, int], None]] = cast(Any, intrinsic(_fetch))
"""Have `table[row, column]` fetched; it changes nothing, whatever the place."""
