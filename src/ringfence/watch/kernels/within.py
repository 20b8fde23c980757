"""How a kernel is compiled that only other kernels call.

Numba makes machine code of each function by itself, and then again as a part of each that calls it. What only kernels call needs
the second alone: here it stops at LLVM's form of the function, which those that call it are linked with.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.typed_passes import NativeLowering


class _Linked(JITCodeLibrary):
    """A function for others to be linked with; it is nowhere to be called."""

    def _optimize_final_module(self) -> None:
        """Leave that to those that call it: they optimise it as part of themselves, whatever was done before."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]  # Numba says nothing of its types
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]  # likewise
class _LinkedLowering(NativeLowering):
    _name = "linked_lowering"

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401 - likewise
        library = _Linked(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]  # likewise
        state.library, state.flags.no_compile = library, True
        super().run_pass(state)  # type: ignore[no-untyped-call]  # likewise
        lowered = state["cr"]
        # What Numba tells functions by must be one of C, and each another. This raises a `KeyError`, whatever it is called with.
        known_by = f"{{{state.func_id.func_name} is called by kernels alone}}".format
        state.targetctx.insert_user_function(known_by, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=known_by)
        return True


class Within(CompilerBase):
    """Compiles as Numba does, up to the machine code."""

    def define_pipelines(self) -> list[PassManager]:
        """Return the one way of compiling."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]  # likewise
        passes.passes = [(_LinkedLowering if each is NativeLowering else each, said) for each, said in passes.passes]
        passes.finalize()
        return [passes]
