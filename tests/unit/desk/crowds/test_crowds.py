"""Analysts, workers, standing orders and mail processes at one thing at once: no lost update, no double order, no double notice.

Each by a connection of its own, on SQLite and on the PostgreSQL that RINGFENCE_TEST_DATABASE names. The scenes stand beside it.
"""

import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.unit.desk.site.test_worker_killed import CREATE

Left = dict[str, Any]
ONE_OF_FOUR = ["None", "StaleState", "StaleState", "StaleState"]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What the scenes left, by name."""
    data = tmp_path_factory.mktemp("crowd") / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(range(32)))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings", "PYTHONPATH": os.pathsep.join(sys.path)}
    if server := os.environ.get("RINGFENCE_TEST_DATABASE"):
        name = f"crowds_{os.getpid()}"
        subprocess.run([sys.executable, "-c", CREATE, server, name], check=True, env=environment)
        environment["RINGFENCE_DATABASE"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    command = [sys.executable, "-W", "error", "-m", "tests.unit.desk.crowds", str(data)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(msgspec.json.decode(done.stdout))


def always(left: Left, scene: str, **expected: object) -> None:
    """Check that a scene left the same each time."""
    played = left[scene]
    assert isinstance(played, list), played
    assert played == [expected] * len(played)
    assert len(played) >= 5


def test_of_six_who_claim_a_case_one_has_it(left: Left) -> None:
    always(left, "claiming", gave=["None", *["StaleState"] * 5], mine=True, audit=1)


def test_two_analysts_and_a_standing_order_make_one_decision_and_one_order(left: Left) -> None:
    always(left, "deciding", decisions=1, orders=1, ordered=[True] * 4, messages=[1, 1], audit=[1, 1])


def test_a_decision_announced_by_four_workers_is_told_once(left: Left) -> None:
    always(left, "telling", notices=1, failed=[])


def test_an_order_that_four_lift_while_its_time_runs_out_ends_once(left: Left) -> None:
    always(left, "lifting", ended=1, agree=True, state=True)


def test_of_four_second_persons_one_confirms(left: Left) -> None:
    always(left, "confirming", gave=ONE_OF_FOUR, confirmed=1, messages=1)


def test_an_appeal_from_four_windows_before_four_reviewers_is_one_with_one_outcome(left: Left) -> None:
    filed = ["StaleState", "StaleState", "StaleState", "filed"]
    always(left, "appealing", filed=filed, reviewed=ONE_OF_FOUR, told=1, agree=True)


def test_an_answer_that_comes_with_the_end_of_its_time_is_taken_and_nobody_is_asked_in_vain(left: Left) -> None:
    facts: dict[str, object] = {"answered": [1, "answered"], "silent": True, "letters": True, "asked still": 0, "missed": True}
    always(left, "asking", **facts)


def test_a_clock_that_four_start_and_four_sweep_fires_once_and_pages_once(left: Left) -> None:
    always(left, "sweeping", started=["started"] * 4, audit=[1, 1], alarms=1)


def test_findings_joined_split_and_merged_by_several_stand_in_one_case_and_are_counted(left: Left) -> None:
    always(left, "sorting", counted=[5, 5], parts=[True, True], merged=[[5, "open"]], notes=3, joined=5)


def test_messages_that_four_workers_see_have_their_effect_once(left: Left) -> None:
    always(left, "carrying", gave=["20", "Taken", "Taken", "Taken"], carried=20)


def test_letters_and_notices_that_three_mail_processes_send_go_out_once(left: Left) -> None:
    always(left, "mailing", taken=11, times=[1], waiting=0)


def test_the_chain_is_whole_where_two_seal_while_three_act(left: Left) -> None:
    always(left, "sealing", broken=None, unsealed=0)
