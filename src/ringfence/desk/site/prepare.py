"""Everything a data folder needs before its processes start."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ringfence.desk.site.process import configure

if TYPE_CHECKING:
    from ringfence.desk.access.services import FirstLogin

DEFAULT_BUNDLE: Final = Path(__file__).resolve().parents[4] / "bundles" / "default"


def prepare(
    data: Path, *, parties: Path | None = None, bundle: Path = DEFAULT_BUNDLE, login_file: Path | None = None
) -> "FirstLogin | None":
    """Bring the database to this release, make the first login, post the first policy version, import the first parties.

    Each only where it is missing; returns the first login with its password if it was made now, and has it in `login_file` before
    it counts. `data` must hold the installation's key. Raises `DeskError` for rows that can't be taken, `policy.BundleRefused`,
    `OSError`.
    """
    configure(data)
    from ringfence.desk.site.beginnings import begin  # noqa: PLC0415 # models can be imported only after configure()

    return begin(parties=parties, bundle=bundle, login_file=login_file)
