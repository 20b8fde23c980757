"""Proving a bundle that some installation exported: the manifest's signature, and each file's hash. Pure."""

import io
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from ringfence.desk.audit.signing import is_signed

_MANIFEST: Final = "manifest.json"
_SIGNATURE: Final = "manifest.sig"
_LARGEST: Final = 1 << 30


class _File(msgspec.Struct):
    name: str
    size: int
    sha256: str


class _Manifest(msgspec.Struct):
    v: int
    case: int
    made: str
    by: str
    key: str
    files: list[_File]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven of a bundle. `broken` says what is wrong first; empty where nothing is. `key` is whose signature it bears."""

    case: int = 0
    made: str = ""
    key: str = ""
    files: int = 0
    broken: str = ""


def prove(data: bytes, *, key: str = "") -> Proof:
    """Return what a bundle proves by itself; with `key`, hexadecimal, that this installation signed it and no other."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                return Proof(broken="it unpacks to more than 1 GiB")
            held = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        return Proof(broken=f"it is no bundle: {error}")
    if len(names) != len(set(names)) or not {_MANIFEST, _SIGNATURE} <= set(names):
        return Proof(broken="its manifest or signature is missing, or a file is there twice")
    try:
        manifest = msgspec.json.decode(held[_MANIFEST], type=_Manifest)
        signature, signer = bytes.fromhex(held[_SIGNATURE].decode().strip()), bytes.fromhex(manifest.key)
    except (msgspec.DecodeError, ValueError) as error:
        return Proof(broken=f"the manifest or its signature can't be read: {error}")
    if key and key.lower() != manifest.key:
        return Proof(key=manifest.key, broken="another installation signed it")
    if not is_signed(held[_MANIFEST], signature, key=signer):
        return Proof(key=manifest.key, broken="the signature is not that of the manifest")
    proof = Proof(manifest.case, manifest.made, manifest.key, len(manifest.files))
    return Proof(proof.case, proof.made, proof.key, proof.files, _altered(manifest, held))


def _altered(manifest: _Manifest, held: dict[str, bytes]) -> str:
    listed = {one.name: one for one in manifest.files}
    for name in sorted({*listed, *held} - {_MANIFEST, _SIGNATURE}):
        if name not in listed:
            return f"{name} was added"
        if name not in held:
            return f"{name} was removed"
        if len(held[name]) != listed[name].size or sha256(held[name]).hexdigest() != listed[name].sha256:
            return f"{name} was changed"
    return ""
