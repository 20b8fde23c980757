"""Which messages are broken on purpose, as far as a message tells."""

from ringfence.watch.detectors.broken import broken
from ringfence.watch.wire.sip import Defect, parse


def test_what_breaks_the_grammar_is_counted_and_named_by_its_first_defect() -> None:
    assert broken([Defect.VERSION, Defect.CSEQ, Defect.CSEQ, Defect.EXCESS]) == ("broken-cseq", 2)


def test_well_formed_messages_that_mean_nothing_are_not_broken() -> None:
    assert broken([Defect.MISSING_HEADER, Defect.BRANCH, Defect.HOPS_EXHAUSTED]) is None


def test_keep_alive_and_messages_cut_by_a_capture_are_not_broken() -> None:
    request = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n"
    assert broken(parse(b"\r\n\r\n").defects) is None
    assert broken(parse(request).defects) is None
