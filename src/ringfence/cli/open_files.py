"""How many files a process may have open: connections whose handshake never ends must not use them up."""

import resource
from typing import Final

_WANTED: Final = 65_536


def open_many_files() -> None:
    """Let this process open as many files as the system allows it, up to a bound."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
