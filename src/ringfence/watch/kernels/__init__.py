"""The only compiled loops: arrays in, arrays out, state owned by the caller.

Numba keeps compiled code beside the source, else under the user's cache folder, else where `NUMBA_CACHE_DIR` says. It notices a
change of a kernel's own file alone, so kernels that call one another stand in one module.
"""
