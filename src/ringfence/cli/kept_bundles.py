"""Bundles that were read and checked once, kept beside the compiled kernels: a start need not read a hundred files anew."""

import os
import pickle
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import phonenumbers

from ringfence import policy, vocabulary
from ringfence.cli.kept_passes import passes_folder
from ringfence.policy import Bundle, canonical_hash, load

MOST: Final = 16
"""Bundles that are kept: who writes a policy makes many versions, and of each only the last is read again."""
_PREFIX: Final = "bundle-"
_DIGEST: Final = 32


def kept_bundle(files: Mapping[str, bytes], *, posted: bool = False, folder: Path | None = None) -> Bundle:
    """Return the same as `load`, read anew only where it was never read by this release, or what was kept is damaged.

    `folder` is where bundles are kept; by itself the compiler's cache, whose files are trusted in the same way. Where nothing can
    be written the bundle is read each time. Raises `BundleRefused` as `load` does: what is refused is never kept.
    """
    folder = folder or passes_folder()
    if folder is None:
        return load(files, posted=posted)
    file = folder / f"{_PREFIX}{_name(canonical_hash(files), posted=posted)}"
    bundle = _read(file)
    if bundle is None:
        bundle = load(files, posted=posted)
        with suppress(OSError):
            _write(file, bundle)
    return bundle


def _name(version: str, *, posted: bool) -> str:
    return blake2b(repr((version, posted, _release())).encode(), digest_size=16).hexdigest()


@cache
def _release() -> tuple[object, ...]:
    """Return what changes with anything that a bundle is read by."""
    folders = [Path(folder) for package in (policy, vocabulary) for folder in package.__path__]
    sources = sorted(file for folder in folders for file in folder.rglob("*.py"))
    stamps = tuple((file.name, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in sources)
    return sys.version, phonenumbers.__version__, stamps


def _read(file: Path) -> Bundle | None:
    """Return the bundle in a file; `None` where there is none, or not a whole one."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, pickled = content[:_DIGEST], content[_DIGEST:]
    if blake2b(pickled, digest_size=_DIGEST).digest() != digest:
        return None
    with suppress(OSError):
        os.utime(file)
    told: dict[str, Any] = pickle.loads(pickled)  # the folder is ours, and the compiler reads its files in the same way
    return Bundle(**told | {"lists": MappingProxyType(told["lists"])})


def _write(file: Path, bundle: Bundle) -> None:
    """Put the file in its place whole, another process may read it at any moment; what was unused for longest makes room."""
    told = {field.name: getattr(bundle, field.name) for field in fields(bundle)}
    pickled = pickle.dumps(told | {"lists": dict(bundle.lists)}, pickle.HIGHEST_PROTOCOL)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}", delete=False) as written:
        written.write(blake2b(pickled, digest_size=_DIGEST).digest() + pickled)
    Path(written.name).replace(file)
    known = sorted(file.parent.glob(f"{_PREFIX}*"), key=_used, reverse=True)
    for old in known[MOST:]:
        old.unlink(missing_ok=True)


def _used(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:  # another process removed it
        return 0
