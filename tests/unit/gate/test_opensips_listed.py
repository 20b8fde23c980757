"""Dialogs and contacts as OpenSIPS 4.0.1 told them; what it says of session descriptions is not looked at."""

import msgspec
import pytest

from ringfence.gate.edges.opensips.listed import calls, registrations
from ringfence.vocabulary.times import SECOND, Micros

DIALOGS = (
    b'{"Dialogs":[{"ID":"66e.84696404","db_id":"15832327820872","state":%d,"user_flags":"",'
    b'"timestart":%d,"datestart":"2026-11-23 23:56:55",'
    b'"timeout":1795521415,"dateout":"2026-11-24 11:56:55","callid":"f639267e3046811e","from_uri":"sip:alice@127.0.0.1:45160",'
    b'"to_uri":"sip:+3225550100@127.0.0.1:45160","caller_tag":"4491abb3","caller_contact":"sip:alice@127.0.0.2:48622",'
    b'"callee_cseq":"0",'
    b'"caller_route_set":"","caller_bind_addr":"udp:127.0.0.1:45160","caller_sdp":"v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\n",'
    b'"CALLEES":[],'
    b'"context":{"values":[{"ringfence_called":"%s"},{"ringfence_source":"127.0.0.2"}]}}]}'
)
CONTACTS = (
    b'{"Domains":[{"name":"location","hash_size":512,"AORs":[{"AOR":"alice@voice.example",'
    b'"Contacts":[{"Contact":"sip:alice@127.0.0.2:48622",'
    b'"ContactID":"3107413374141474323","Expires":3600,"Q":"","Callid":"8794671ed96f1b17",'
    b'"Received":"sip:203.0.113.7:5070;transport=udp"},'
    b'{"Contact":"sip:alice@[2001:db8::1]:5060"}]},{"AOR":"bob","Contacts":[]}]},'
    b'{"name":"other","AORs":[{"AOR":"eve","Contacts":[{"Contact":"x"}]}]}]}'
)


def test_a_call_under_way_is_told_as_the_proxy_noted_it() -> None:
    [call] = calls(msgspec.Raw(DIALOGS % (4, 1_795_478_215, b"urn:service:sos.fire")))
    assert (call.handle, call.call_id, call.tag, call.caller) == ("66e.84696404", "f639267e3046811e", "4491abb3", "alice")
    assert (call.called, call.source, call.user, call.answered) == ("urn:service:sos.fire", "127.0.0.2", None, True)
    assert call.began == Micros(1_795_478_215 * SECOND)


def test_a_call_that_rings_has_no_beginning_yet_and_one_that_ended_is_none() -> None:
    [call] = calls(msgspec.Raw(DIALOGS % (2, 0, b"sip:112@voice.example")))
    assert (call.called, call.began, call.answered) == ("112", None, False)
    assert calls(msgspec.Raw(DIALOGS % (5, 0, b"sip:112@voice.example"))) == []


def test_contacts_are_those_of_the_registrars_table_with_the_address_where_it_is_known() -> None:
    first, second = registrations(msgspec.Raw(CONTACTS), "location")
    assert (first.user, first.domain, first.source) == ("alice", "voice.example", "203.0.113.7")
    assert first.handle == "alice@voice.example sip:alice@127.0.0.2:48622"
    assert (second.source, second.handle) == (None, "alice@voice.example sip:alice@[2001:db8::1]:5060")


@pytest.mark.parametrize("told", [b"[]", b"{}", b'{"Dialogs": 1}', b'{"Dialogs": [{}]}', b"nonsense"])
def test_whatever_else_is_told_is_not_understood(told: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        calls(msgspec.Raw(told))
    with pytest.raises(msgspec.MsgspecError):
        registrations(msgspec.Raw(told), "location")
