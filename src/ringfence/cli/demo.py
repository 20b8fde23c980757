"""The demo network: which provider it is, and how its player is started."""

from pathlib import Path
from typing import Final

from ringfence.cli.configuration import Configuration
from ringfence.cli.shipped import EXAMPLES

DEMO_FILES: Final[Path] = EXAMPLES / "demo"
"""accounts.csv, trunks.csv and numbers.csv of a fictional provider."""


def player_arguments(configuration: Configuration) -> list[str]:
    """Return the arguments after `ringfence` that start the player against this configuration's watch and gate."""
    return ["simulate", "play", "--hep", configuration.watch.hep, "--sip", configuration.gate.sip]
