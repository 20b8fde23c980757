"""`ringfence parties` as it is typed, each command a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.desk.scene import write_bundle

_PREPARE = """
import sys; from pathlib import Path; from ringfence.desk.site.prepare import prepare
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
"""


def typed(*words: str) -> tuple[int, str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_was_imported_is_asked_for_at_a_moment(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text("", encoding="utf-8")
    assert typed("-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle")))[0] == 0
    (tmp_path / "accounts.csv").write_text("account,plan\nshop,gold\n", encoding="utf-8")
    (tmp_path / "numbers.csv").write_text(
        "number,account,valid_from\n+3225551000-+3225551999,shop,2026-01-01T00:00:00Z\n", encoding="utf-8"
    )
    command = ("-m", "ringfence.cli", "parties")
    code, said = typed(*command, "import", str(tmp_path), "--data", str(data))
    assert (code, "numbers.csv: 1 added" in said) == (0, True), said
    asked = ("who", "+3225551212", "--data", str(data), "--json", "--at")
    code, said = typed(*command, *asked, "2026-03-10T14:05:07Z")
    answer = json.loads(said)
    assert (code, answer["account"], answer["plan"], answer["through"]) == (0, "shop", "gold", "+3225551000-+3225551999")
    code, said = typed(*command, *asked, "2025-03-10T14:05:07Z")
    assert (code, "account" in json.loads(said)) == (1, False)
    code, said = typed(*command, *asked, "yesterday")
    assert (code, "Hint" in said) == (2, True)


def test_parties_go_out_and_in_are_compared_come_by_keys_and_accept(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text("", encoding="utf-8")
    assert typed("-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle")))[0] == 0
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "parties.csv").write_text("party,parent,kind\nresell,,reseller\nshop,resell,end-user\n", encoding="utf-8")
    (tmp_path / "in" / "accounts.csv").write_text("account,party,plan\nline,shop,gold\n", encoding="utf-8")
    command, where = ("-m", "ringfence.cli", "parties"), ("--data", str(data))
    assert typed(*command, "import", str(tmp_path / "in"), *where)[0] == 0
    code, said = typed(*command, "export", str(out), "--json", *where)
    assert (code, said.strip()) == (0, str(out / "parties.json"))
    (tmp_path / "in" / "accounts.csv").write_text("account,plan\nline,silver\n", encoding="utf-8")
    code, said = typed(*command, "import", str(tmp_path / "in"), "--dry-run", *where)
    assert (code, "+ account line, party shop, plan silver" in said, "(not written: dry run)" in said) == (0, True, True), said
    told = ("--dry-run", "--differences", str(tmp_path / "all.csv"))
    assert typed(*command, "import", str(tmp_path / "in"), *told, *where)[0] == 0
    assert (tmp_path / "all.csv").read_text("utf-8").splitlines()[1].startswith("gone,accounts.csv,line,shop,")
    assert typed(*command, "import", str(tmp_path / "in"), *told[1:], *where)[0] == 2
    code, said = typed(*command, "import", str(out / "parties.json"), *where)
    assert (code, "accounts.csv: 0 added, 0 changed" in said) == (0, True), said
    (out / "parties.json").write_text("{", encoding="utf-8")
    code, said = typed(*command, "import", str(out / "parties.json"), *where)
    assert (code, "Hint" in said) == (2, True)
    code, said = typed(*command, "acceptance", *where)
    assert (code, "2 parties, 2 pending" in said, "reseller resell has not attested" in said) == (1, True, True), said
    code, said = typed(*command, "acceptance", "shop", *where)
    assert (code, "version 1, posted" in said, "pending" in said) == (0, True, True), said
    code, said = typed(*command, "key", "crm", "--scope", "parties:read", *where)
    assert (code, said.startswith("rf_")) == (0, True)
    assert typed(*command, "key", "other", "--scope", "everything", *where)[0] == 2
    assert typed(*command, "key", "crm", "--revoke", *where) == (0, "crm opens nothing now.\n")
