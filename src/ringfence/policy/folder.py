"""Reading a bundle's folder, and the packs that ship: the one place of this package that touches a disk."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ringfence.policy.bundle import MAX_FILES, MAX_LIST_BYTES, SETTINGS, belongs
from ringfence.policy.packs import pack_files
from ringfence.policy.problems import START, BundleRefused, Problem

_SPARE: Final = 1  # one byte or file more than allowed is read, so that the loader sees the excess and refuses it by name


def read_folder(path: Path) -> dict[str, bytes]:
    """Return the content of every file of the bundle in the folder `path`, by its path inside with `/` between parts.

    Jurisdiction packs that it names and doesn't hold are those that ship, as `packs/NAME.yaml`. Leaves `tests/` and hidden files
    aside, follows no links. Raises `BundleRefused` where the folder or a file cannot be read.
    """
    if not path.is_dir():
        raise BundleRefused([Problem(str(path), 1, 1, "no such folder", "name the folder that holds bundle.toml")])
    files: dict[str, bytes] = {}
    for folder, names, leaves in os.walk(path):
        inside = Path(folder).relative_to(path)
        names[:] = sorted(name for name in names if belongs((inside / name / "file").as_posix()))
        for leaf in sorted(leaves):
            name = (inside / leaf).as_posix()
            if belongs(name) and len(files) < MAX_FILES + _SPARE:
                files[name] = _content(Path(folder) / leaf, name)
    return with_packs(files)


def with_packs(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a bundle's files with those shipped packs that it names and doesn't hold."""
    shipped = pack_files(files.get(SETTINGS, b""), frozenset(files))
    return {**files, **{name: _content(place, name) for name, place in shipped.items()}}


def _content(path: Path, name: str) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise BundleRefused([Problem(name, START.line, START.column, "not a plain file", "put the file itself into the bundle")])
    try:
        with path.open("rb") as file:
            return file.read(MAX_LIST_BYTES + _SPARE)
    except OSError as error:
        cause = f"cannot be read: {error.strerror}"
        raise BundleRefused([Problem(name, START.line, START.column, cause, "check its permissions")]) from error
