"""The only compiled loops: arrays in, arrays out, state owned by the caller.

Numba keeps compiled code beside the source, else under the user's cache folder, else where `NUMBA_CACHE_DIR` says. By itself it
notices a change of a kernel's own file alone; `compiled` has it look at all of them.
"""
