"""What the gate verifies and signs with, from the configuration and the folder of certificates."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ringfence.cli.certificates import CertificatesRefused, certificates_in
from ringfence.cli.configuration import CONFIGURATION_FILE, ConfigurationRefused, GatePart
from ringfence.gate.configuration import IdentityConfiguration
from ringfence.gate.identity import Fetcher, Identity, Keys, Signing
from ringfence.gate.identity.service import Verifying
from ringfence.gate.service import clock
from ringfence.watch.identity import Trust, location_defect

_MOST_FILES: Final = 100_000


class Folder:
    """The folder of certificates, read again when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[tuple[str, int, int], ...] | None = None

    def read(self) -> tuple[Trust, Mapping[str, bytes]] | None:
        """Return what the folder says, `None` where it is as before. Raises `ValueError` (why it can't be used), `OSError`."""
        seen = self._files()
        if seen == self._seen:
            return None
        try:
            found = certificates_in(self._path)
        except CertificatesRefused as refused:
            raise ValueError(str(refused)) from refused
        self._seen = seen
        return found

    def _files(self) -> tuple[tuple[str, int, int], ...]:
        paths = sorted(path for path in self._path.rglob("*") if path.is_file())[:_MOST_FILES]
        return tuple((str(path), (state := path.stat()).st_mtime_ns, state.st_size) for path in paths)


def identity_of(part: GatePart, data: Path, *, key: bytes) -> Identity:
    """Return what the gate does about signed identities. Raises `ConfigurationRefused`, `KeyUnusable`."""
    verifying = None if part.identity is None else _verifying(part.identity, data)
    signing = None
    if part.signing is not None:
        country = None if part.identity is None else part.identity.country
        signing = Signing(Keys(part.signing.keys, data), secret=key, gateways=part.signing.gateways, country=country)
    return Identity(verifying, signing)


def _verifying(configuration: IdentityConfiguration, data: Path) -> Verifying:
    authorities = configuration.fetch_authorities
    for address in configuration.revocations:
        defect = location_defect(address)
        if defect is not None:
            raise ConfigurationRefused(
                f"{CONFIGURATION_FILE}: gate.identity.revocations: {address}: {defect}. Hint: https://host/path"
            )
    try:
        fetcher = Fetcher(
            networks=configuration.fetch_networks, authorities=None if authorities is None else str(data / authorities)
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationRefused(
            f"{CONFIGURATION_FILE}: gate.identity.fetch_authorities: {authorities}: {error}. Hint: PEM, and this user may read it"
        ) from error
    try:
        return Verifying(configuration, Folder(data / configuration.certificates).read, fetcher, clock=clock)
    except (ValueError, OSError) as error:
        raise ConfigurationRefused(f"{CONFIGURATION_FILE}: gate.identity.certificates: {error}") from error
