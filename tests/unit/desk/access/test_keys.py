"""Keys: shown once, held as hashes, revoked at once, each act an entry."""

from datetime import timedelta

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON

from ringfence.desk.access import keys, services
from ringfence.desk.access.keys import KeyRefused, Reach
from ringfence.desk.access.models import ApiKey, Person
from ringfence.desk.actor import ActorKind, KeyScope
from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.parties.models import Party

pytestmark = pytest.mark.django_db

READ = Reach((KeyScope.READ,))
BOTH = frozenset((KeyScope.READ, KeyScope.WRITE))


def test_a_key_makes_its_bearer_an_actor_with_its_scopes_and_is_nowhere_kept() -> None:
    made = keys.create_key(name="crm", reach=Reach(BOTH), actor=ADMIN, now=NOON)
    actor = keys.actor_of(key=made.key, now=NOON)
    assert actor is not None
    assert (actor.kind, actor.id, actor.scopes, actor.party) == (
        ActorKind.API_KEY,
        "crm",
        BOTH,
        None,
    )
    assert actor.keeps_parties
    assert (actor.sees_the_desk, actor.administers) == (False, False)
    kept = ApiKey.objects.get()
    assert made.key not in str(vars(kept))
    assert (kept.used, made.key.startswith(kept.hint)) == (NOON, True)


def test_what_is_no_key_opens_nothing() -> None:
    made = keys.create_key(name="crm", reach=READ, actor=ADMIN, now=NOON)
    for key in ("", "rf_", made.key[:-1], made.key + "x", made.key.swapcase(), "rf_" + "é\ud800" * 20, "x" * 10_000):
        assert keys.actor_of(key=key, now=NOON) is None


def test_a_revoked_and_an_expired_key_open_nothing() -> None:
    first = keys.create_key(name="one", reach=READ, actor=ADMIN, now=NOON)
    second = keys.create_key(name="two", reach=Reach((KeyScope.READ,), expires=NOON + timedelta(days=1)), actor=ADMIN, now=NOON)
    keys.revoke_key(name="one", actor=ADMIN, now=NOON)
    assert keys.actor_of(key=first.key, now=NOON) is None
    assert keys.actor_of(key=second.key, now=NOON + timedelta(hours=23)) is not None
    assert keys.actor_of(key=second.key, now=NOON + timedelta(days=1)) is None
    with pytest.raises(StaleState):
        keys.revoke_key(name="one", actor=ADMIN, now=NOON)
    assert [entry.verb for entry in audit.history(noun="api-key", noun_id="one", actor=ADMIN)] == ["created", "revoked"]


def test_a_partys_key_is_of_its_party_and_writes_nothing() -> None:
    Party.objects.create(name="resell")
    made = keys.create_key(name="r", reach=Reach((KeyScope.READ,), party="resell"), actor=ADMIN, now=NOON)
    actor = keys.actor_of(key=made.key, now=NOON)
    assert actor is not None
    assert (actor.party, actor.keeps_parties, actor.sees_parties) == ("resell", False, True)
    with pytest.raises(KeyRefused, match="is the provider's"):
        keys.create_key(name="w", reach=Reach((KeyScope.WRITE,), party="resell"), actor=ADMIN, now=NOON)


@pytest.mark.parametrize(
    ("name", "reach", "cause"),
    [
        ("", READ, "needs a name"),
        ("x" * 65, READ, "needs a name"),
        ("k", Reach(()), "without a scope"),
        ("k", Reach((KeyScope.READ,), party="nobody"), "no party nobody"),
        ("k", Reach((KeyScope.READ,), expires=NOON), "expired already"),
        ("taken", READ, "given once"),
    ],
)
def test_a_key_that_cannot_be_is_refused(name: str, reach: Reach, cause: str) -> None:
    keys.create_key(name="taken", reach=READ, actor=ADMIN, now=NOON)
    with pytest.raises(KeyRefused, match=cause):
        keys.create_key(name=name, reach=reach, actor=ADMIN, now=NOON)


def test_only_an_admin_makes_sees_and_revokes_keys() -> None:
    keys.create_key(name="crm", reach=READ, actor=ADMIN, now=NOON)
    with pytest.raises(NotPermitted):
        keys.create_key(name="k", reach=READ, actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        keys.revoke_key(name="crm", actor=ANALYST, now=NOON)
    assert not keys.keys(actor=ANALYST).exists()
    assert keys.keys(actor=ADMIN).get().name == "crm"


def test_a_partys_login_has_no_role_and_knows_its_party() -> None:
    party = Party.objects.create(name="resell")
    services.create_login(username="rita", password="x" * 12, roles=(), party=party.pk, actor=ADMIN, now=NOON)
    actor = Person.objects.get().actor
    assert (actor.party, actor.sees_the_desk, actor.sees_parties) == ("resell", False, True)
