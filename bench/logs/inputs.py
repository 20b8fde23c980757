"""Asterisk's security log as attackers fill it: many sources that try names and passwords, some success among them."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.scan.inputs import OUT

SEED: Final = 7
_BEGIN: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_MOST_US: Final = 20_000
"""Between two lines."""


def security_log(lines: int, sources: int) -> Path:
    """Return a log of `lines` lines from `sources` addresses, written where it is missing."""
    path = OUT / f"security-{lines}-{sources}.log"
    if not path.exists():
        OUT.mkdir(parents=True, exist_ok=True)
        chance, now = random.Random(SEED), _BEGIN
        addresses = [f"203.{nth >> 8 & 255}.{nth & 255}.{chance.randrange(1, 255)}" for nth in range(sources)]
        with path.with_suffix(".draft").open("w", encoding="utf-8") as file:
            for _ in range(lines):
                now += timedelta(microseconds=chance.randrange(1_000, _MOST_US))
                file.write(_line(now, chance.choice(addresses), chance))
        path.with_suffix(".draft").replace(path)
    return path


def one_line() -> Path:
    """Return a log with the first line alone."""
    path = OUT / "security-one.log"
    with security_log(1_000, 10).open("rb") as file:
        path.write_bytes(file.readline())
    return path


def _line(now: datetime, address: str, chance: random.Random) -> str:
    event, severity, rest = chance.choices(
        (
            ("InvalidAccountID", "Error", ""),
            ("ChallengeResponseFailed", "Error", _challenge(chance) + f',Response="{_hash(chance)}",ExpectedResponse=""'),
            ("ChallengeSent", "Informational", _challenge(chance)),
            ("SuccessfulAuth", "Informational", ',UsingPassword="1"'),
        ),
        (30, 40, 15, 15),
    )[0]
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}+0000"
    return (
        f"[{now.strftime('%b %e %H:%M:%S')}] SECURITY[77]: res_security_log.c:114 security_event_stasis_cb: "
        f'SecurityEvent="{event}",EventTV="{stamp}",Severity="{severity}",Service="PJSIP",EventVersion="1",'
        f'AccountID="{chance.randrange(1_000, 10_000)}",SessionID="{_hash(chance)}",LocalAddress="IPV4/UDP/198.51.100.1/5060",'
        f'RemoteAddress="IPV4/UDP/{address}/{chance.randrange(1_024, 65_535)}"{rest}\n'
    )


def _challenge(chance: random.Random) -> str:
    return f',Challenge="1772442000/{_hash(chance)}"'


def _hash(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"
