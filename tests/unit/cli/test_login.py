"""`ringfence login` as it is typed: who has the machine lets somebody in again."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.unit.desk.scene import write_bundle

_PREPARE = """
import sys; from pathlib import Path; from ringfence.desk.site.prepare import prepare
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
"""
_LOCK = """
import sys; from pathlib import Path; from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from datetime import UTC, datetime
from ringfence.desk.access.locks import lock_logins
from ringfence.desk.access.models import Person
from ringfence.desk.actor import system
if sys.argv[2] == "lock":
    lock_logins(usernames=["first"], reason="a thief", actor=system("test"), now=datetime.now(UTC))
person = Person.objects.get()
print(person.may_sign_in, person.has_usable_password(), person.locks.get().ended_reason)
"""


def typed(*words: str) -> tuple[int, str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_locked_login_is_opened_and_a_link_printed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text("", encoding="utf-8")
    assert typed("-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle")))[0] == 0
    assert typed("-c", _LOCK, str(data), "lock")[1].startswith("False True")
    command = ("-m", "ringfence.cli", "login")
    code, said = typed(*command, "nobody", "--reason", "x", "--data", str(data))
    assert (code, "no login nobody" in said) == (2, True), said
    code, said = typed(*command, "first", "--reason", " ", "--data", str(data))
    assert (code, "say why" in said) == (2, True), said
    code, said = typed(*command, "first", "--reason", "lost the telephone", "--data", str(data))
    assert code == 0, said
    assert re.search(r"http://127\.0\.0\.1:8080/recover/password/\w+-\S+/", said)
    assert typed("-c", _LOCK, str(data), "look")[1].strip() == "True False lost the telephone"
