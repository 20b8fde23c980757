"""The gate may open more files than a shell usually lets it, and never fewer."""

import resource

from ringfence.cli.open_files import open_many_files


def test_a_low_bound_is_raised_and_the_systems_own_is_kept() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        open_many_files()
        raised, kept = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert (raised > 256 or hard == 256, kept) == (True, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
