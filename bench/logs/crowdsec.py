"""CrowdSec as its Debian package brings it, with its own parser and scenarios for Asterisk, in a folder of its own.

Nothing is installed and no service started: it reads one file (`-dsn`), with its local API on loopback, and ends.
`CROWDSEC_ROOT` may name a folder into which the package was unpacked: `apt-get download crowdsec; dpkg-deb -x crowdsec_*.deb ROOT`.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from bench.scan.inputs import OUT

_OURS: Final = OUT / "crowdsec"
_HUB: Final = Path("usr/share/crowdsec/hub")
_PARSERS: Final = (("s00-raw", "syslog-logs"), ("s01-parse", "asterisk-logs"), ("s02-enrich", "dateparse-enrich"))
_SCENARIOS: Final = ("asterisk_bf", "asterisk_user_enum")
_CONFIGURATION: Final = """\
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: {ours}}}
config_paths:
  config_dir: {ours}/
  data_dir: {ours}/data/
  simulation_path: {ours}/simulation.yaml
  hub_dir: {ours}/hub/
  index_path: {ours}/hub/.index.json
crowdsec_service: {{acquisition_path: {ours}/acquis.yaml, parser_routines: 1}}
cscli: {{output: human}}
db_config: {{log_level: error, type: sqlite, db_path: {ours}/data/crowdsec.db, use_wal: true}}
api:
  client: {{credentials_path: {ours}/credentials.yaml}}
  server: {{log_level: error, listen_uri: "127.0.0.1:{port}", profiles_path: {ours}/profiles.yaml}}
prometheus: {{enabled: false}}
"""


class Crowdsec(NamedTuple):
    """Where it is, and what it is called with."""

    program: Path
    configuration: Path

    def arguments(self, log: Path) -> list[str]:
        """Return what reads a log of Asterisk by its scenarios and ends."""
        return [str(self.program), "-c", str(self.configuration), "-no-capi", "-type", "asterisk", "-dsn", f"file://{log}"]

    @property
    def version(self) -> str:
        """What it calls itself."""
        said = subprocess.run([self.program, "-version"], check=True, capture_output=True, text=True)
        return next((line.split("version: ")[1] for line in said.stderr.splitlines() if "version: " in line), "unknown")


def prepared() -> Crowdsec | None:
    """Return CrowdSec with a configuration of its own, `None` where it is not on the machine."""
    root = _root()
    if root is None:
        return None
    shutil.rmtree(_OURS, ignore_errors=True)
    for stage, name in _PARSERS:
        _copy(root / _HUB / "parsers" / stage / "crowdsecurity" / f"{name}.yaml", _OURS / "parsers" / stage)
    for name in _SCENARIOS:
        _copy(root / _HUB / "scenarios/crowdsecurity" / f"{name}.yaml", _OURS / "scenarios")
    shutil.copytree(root / "etc/crowdsec/patterns", _OURS / "patterns")
    _copy(root / "etc/crowdsec/profiles.yaml", _OURS)
    for folder in ("data", "hub"):
        (_OURS / folder).mkdir()
    texts = {
        "simulation.yaml": "simulation: false\n",
        "acquis.yaml": "",
        "credentials.yaml": "",
        "hub/.index.json": '{"parsers":{},"postoverflows":{},"scenarios":{},"collections":{}}',
        "config.yaml": _CONFIGURATION.format(ours=_OURS, port=(port := _free_port())),
    }
    for name, text in texts.items():
        (_OURS / name).write_text(text, encoding="utf-8")
    of_api = ["-f", str(_OURS / "credentials.yaml"), "-u", f"http://127.0.0.1:{port}"]
    register = [
        str(root / "usr/bin/cscli"),
        "-c",
        str(_OURS / "config.yaml"),
        "machines",
        "add",
        "bench",
        "-p",
        "bench",
        "--force",
        *of_api,
    ]
    subprocess.run(register, check=True, capture_output=True)
    return Crowdsec(root / "usr/bin/crowdsec", _OURS / "config.yaml")


def _root() -> Path | None:
    """Return the folder under which the package's files lie."""
    named = [Path(os.environ["CROWDSEC_ROOT"])] if "CROWDSEC_ROOT" in os.environ else []
    return next((each.resolve() for each in (*named, Path("/")) if (each / "usr/bin/crowdsec").exists()), None)


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
