"""What is counted when somebody guesses, and that nobody slips past by trying at once."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as some
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.access import guessing, services
from ringfence.desk.access.guessing import LIMITS, LONGEST_WAIT, TooManyTries, charge, of_asker, refund, source_of
from ringfence.desk.access.models import Guess, Person


def taken(times: int, *, at: float = 0.0) -> int:
    """Try so often; return how many tries were looked at."""
    passed = 0
    for _ in range(times):
        try:
            charge(guessing.Try((("code", "code:x"),)), now=NOON + timedelta(seconds=at))
        except TooManyTries:
            continue
        passed += 1
    return passed


@pytest.mark.django_db
def test_each_wait_is_twice_as_long_up_to_four_hours_and_forgotten_after_a_day() -> None:
    moment, waits = 0.0, []
    for _ in range(9):
        assert taken(6, at=moment) == 5
        until = Guess.objects.get().until
        assert until is not None
        waits.append((until - NOON).total_seconds() - moment)
        moment = (until - NOON).total_seconds() + 1
    assert waits[:4] == [300, 600, 1200, 2400]
    assert waits[-1] == LONGEST_WAIT.total_seconds()
    assert taken(6, at=moment + 25 * 3600) == 5
    until = Guess.objects.get().until
    assert until is not None
    assert (until - NOON).total_seconds() - moment - 25 * 3600 == 300


@pytest.mark.django_db
def test_failures_of_a_span_ago_count_no_more_and_a_right_one_is_given_back() -> None:
    assert taken(4) == 4
    assert taken(6, at=301) == 5
    asked = of_asker("somebody")
    for _ in range(30):
        charge(asked, now=NOON)
        refund(asked)
    assert Guess.objects.get(key=asked.keys[0][1]).failures == 0


@pytest.mark.django_db
def test_a_person_s_forgiven_name_is_tried_again() -> None:
    services.create_login(username="ana", password="x" * 12, roles=(), actor=ADMIN, now=NOON)
    tried = guessing.of_code(Person.objects.get())
    for _ in range(5):
        charge(tried, now=NOON)
    with pytest.raises(TooManyTries, match="wait 5 minutes"):
        charge(tried, now=NOON)
    guessing.forgive(username="ana")
    charge(tried, now=NOON)


@given(some.text(max_size=80))
def test_whatever_stands_for_an_address_is_a_source(address: str) -> None:
    assert isinstance(source_of(address), str)


def test_an_address_of_version_six_counts_by_its_network_and_one_of_version_four_by_itself() -> None:
    assert source_of("2001:db8:0:1::5") == source_of("2001:db8:0:1:ffff::1") != source_of("2001:db8:0:2::5")
    assert source_of("192.0.2.1") != source_of("192.0.2.2")


def crowded(_number: int) -> bool:
    """Try once, on a connection of one's own."""
    try:
        charge(of_asker("crowd"), now=NOON)
    except TooManyTries:
        return False
    finally:
        connections.close_all()
    return True


_CROWD = """
import sys; from pathlib import Path; from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from concurrent.futures import ThreadPoolExecutor
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from tests.unit.desk.access.test_guessing import crowded
with ThreadPoolExecutor(8) as crowd:
    print(sum(crowd.map(crowded, range(40))))
"""


_CREATE = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as server:
    server.execute(f"CREATE DATABASE {sys.argv[2]}")
"""


def test_tries_at_the_same_moment_do_not_slip_past_a_limit(tmp_path: Path) -> None:
    (tmp_path / "installation.key").write_bytes(bytes(32))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    server, name = os.environ.get("RINGFENCE_TEST_DATABASE"), f"crowd_{os.getpid()}"
    if server:
        subprocess.run([sys.executable, "-c", _CREATE, server, name], check=True)
        environment["RINGFENCE_DATABASE"] = server.replace("/postgres?", f"/{name}?")
    command = [sys.executable, "-c", _CROWD, str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[4], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(LIMITS["asker"].failures), done.stderr
