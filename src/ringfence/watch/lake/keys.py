"""The keys of the lake's sealed columns: one a day, in a folder apart from the lake. Destroying it erases that day's numbers.

Each file of the folder is a day's 32 bytes, wrapped (RFC 3394) under a key that the installation's key gives: a copy of the folder
without `installation.key` opens nothing. Parquet modular encryption does the rest: AES-256-GCM, a fresh key a file and column.
"""

import base64
import os
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ringfence.watch.lake.schema import SEALED

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SUFFIX: Final = ".key"
_CACHED: Final = timedelta(seconds=0)
_README: Final = """\
What this folder holds: for each day of the lake the key of its numbers, addresses and call ids. Each is wrapped under this
installation's key (installation.key). Without the key of a day that day's columns can't be read by anybody: `ringfence lake erase`
deletes it, and so must whoever deletes by hand, in copies too.
"""


class KeyUnusable(Exception):
    """A key is there but can't be opened: it is damaged, or another installation's."""


class _Wrapping(pe.KmsClient):  # type: ignore[misc]  # pyarrow has no types
    """Wraps the files' keys under the days' keys, as pyarrow asks for it."""

    def __init__(self, keys: "DayKeys") -> None:
        super().__init__()
        self._keys = keys

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(self._keys.read(master_key_identifier))
        return base64.b64encode(nonce + cipher.encrypt(nonce, key_bytes, master_key_identifier.encode()))

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        octets = base64.b64decode(wrapped_key)
        cipher = AESGCM(self._keys.read(master_key_identifier))
        try:
            return cipher.decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], master_key_identifier.encode())
        except InvalidTag:
            raise KeyUnusable(f"the key {master_key_identifier} is not the one that the file was sealed with") from None


class DayKeys:
    """The keys in `folder` under the installation's key. A key's name is its day and a few digits that never come again."""

    def __init__(self, folder: Path, installation_key: bytes) -> None:
        self._folder = folder
        self._wrapping_key = blake2b(b"ringfence lake", digest_size=_KEY_BYTES, key=installation_key).digest()
        self._factory = pe.CryptoFactory(lambda _: _Wrapping(self))
        self._connection = pe.KmsConnectionConfig()

    def of_day(self, day: date) -> str:
        """Return the name of the day's key, made where there is none. Raises `OSError`."""
        for name in self.names(day):
            return name
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._folder / "README").write_text(_README, encoding="utf-8")
        name = f"{day.isoformat()}-{os.urandom(4).hex()}"
        wrapped = aes_key_wrap(self._wrapping_key, os.urandom(_KEY_BYTES))
        draft = self._folder / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(wrapped)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path(name))
        _sync(self._folder)
        return name

    def names(self, day: date) -> Iterator[str]:
        """Yield the names of the day's keys that are there."""
        for path in sorted(self._folder.glob(f"{day.isoformat()}-*{_SUFFIX}")):
            yield path.name.removesuffix(_SUFFIX)

    def has(self, name: str) -> bool:
        """Tell whether the key is there: it was not destroyed."""
        return self._path(name).exists()

    def read(self, name: str) -> bytes:
        """Return the key. Raises `OSError` where it is not there, `KeyUnusable`."""
        try:
            return aes_key_unwrap(self._wrapping_key, self._path(name).read_bytes())
        except (InvalidUnwrap, ValueError):
            hint = "was installation.key replaced, or the file damaged? Restore both from the same backup"
            raise KeyUnusable(f"{self._path(name)} can't be opened by this installation's key. Hint: {hint}") from None

    def destroy(self, day: date) -> int:
        """Delete the day's keys for good; return how many there were. Raises `OSError`."""
        count = 0
        for name in list(self.names(day)):
            path = self._path(name)
            with path.open("r+b") as file:  # where the disk writes in place, nothing of it is left on it
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            count += 1
        if count:
            _sync(self._folder)
        return count

    def sealing(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return how a file is written: `SEALED` columns encrypted, all else readable by anybody and signed."""
        configuration = pe.EncryptionConfiguration(
            footer_key=name,
            column_keys={name: [column.name for column in SEALED]},
            plaintext_footer=True,
            data_key_length_bits=8 * _KEY_BYTES,
            cache_lifetime=_CACHED,
        )
        return self._factory.file_encryption_properties(self._connection, configuration)

    def opening(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return how a file is read whose key is there."""
        configuration = pe.DecryptionConfiguration(cache_lifetime=_CACHED)
        return self._factory.file_decryption_properties(self._connection, configuration)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
