"""Where the files lie that ship beside the code: the default policy bundle and the examples."""

from pathlib import Path
from typing import Final

ROOT: Final[Path] = Path(__file__).resolve().parents[3]
"""The checkout. An installed package without its checkout has neither; the commands then ask for `--policy`."""

DEFAULT_BUNDLE: Final[Path] = ROOT / "bundles" / "default"
EXAMPLES: Final[Path] = ROOT / "examples"
