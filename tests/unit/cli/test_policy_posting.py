"""`ringfence policy draft` and `post` as they are typed."""

import re
from pathlib import Path

from tests.unit.cli.test_parties import _PREPARE, typed
from tests.unit.desk.scene import BUNDLE, write_bundle


def test_a_folder_becomes_a_draft_and_the_draft_the_version_in_force(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text("", encoding="utf-8")
    assert typed("-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle")))[0] == 0
    command = ("-m", "ringfence.cli", "policy")
    broken = write_bundle(tmp_path / "broken", **{"ladder.yaml": BUNDLE["ladder.yaml"].replace("do: ask", "do: vanish")})
    code, said = typed(*command, "draft", str(broken), "--data", str(data))
    assert (code, "ladder.yaml:8:" in said, "draft 1: problems 1" in said) == (2, True, True), said
    assert typed(*command, "post", "1", "--data", str(data))[0] == 2
    spring = write_bundle(tmp_path / "spring", **{"policy.md": BUNDLE["policy.md"].replace("Nobody", "No person")})
    code, said = typed(*command, "draft", str(spring), "--data", str(data))
    assert code == 0, said
    assert re.search(r"draft 2: [0-9a-f]{64}\n", said)
    assert typed(*command, "post", "2", "--data", str(data)) == (0, "version 2 is in force\n")
    assert typed(*command, "post", "9", "--data", str(data)) == (2, "no draft 9\n")
