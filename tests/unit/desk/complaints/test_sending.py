"""Who sent a mail is checked by DKIM and SPF through the resolver that is handed in; what no person wrote is known."""

import gzip
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ringfence.desk.complaints.resolving import lookup_through
from ringfence.desk.complaints.sending import LookupFailed, automatic, dkim_result, spf_result

_DMARC = "big.example!voice.example!1772323200!1772409599.xml.gz"
MAIL = b"From: joe@sender.example\r\nTo: abuse@voice.example\r\nSubject: calls\r\n\r\nat night\r\n"


@pytest.fixture(scope="module")
def signed() -> tuple[bytes, str]:
    """A mail with a signature, and the record that its domain publishes."""
    key = generate_private_key(65537, 1024)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    record = "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])
    return dkim.sign(MAIL, b"s1", b"sender.example", private) + MAIL, record


class Names:
    """DNS in which some names have records; one that is not asked for is not there."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[str]], *, failing: bool = False) -> None:
        self.records, self.failing, self.asked = records, failing, 0

    def __call__(self, name: str, kind: str) -> Sequence[str]:
        self.asked += 1
        if self.failing:
            raise LookupFailed("no answer from DNS")
        return self.records.get((name, kind), ())


def test_a_signature_passes_and_fails_where_the_mail_was_changed_or_the_key_is_gone(signed: tuple[bytes, str]) -> None:
    raw, record = signed
    names = Names({("s1._domainkey.sender.example", "TXT"): [record]})
    assert dkim_result(raw, names) == "pass sender.example"
    assert dkim_result(raw.replace(b"at night", b"by day"), names).startswith("fail")
    assert dkim_result(raw, Names({})).startswith("fail")
    assert dkim_result(raw, Names({}, failing=True)).startswith("unsure")
    assert dkim_result(MAIL, names) == "none"


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\x00", b"DKIM-Signature: v=1\r\n\r\n", b"DKIM-Signature: a=b; b=\xff\r\n\r\nx", b"no header at all"]
)
def test_broken_mails_are_checked_without_raising(raw: bytes) -> None:
    assert dkim_result(raw, Names({})).split(" ")[0] in ("none", "fail", "unsure:")


def test_many_signatures_cost_no_more_than_five_questions(signed: tuple[bytes, str]) -> None:
    raw, _ = signed
    names = Names({})
    header = raw[: raw.index(b"From:")]
    dkim_result(header * 200 + MAIL, names)
    assert 0 < names.asked <= 5


def test_the_policy_of_the_senders_domain_says_who_may_send() -> None:
    records = {
        ("sender.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24 ip4:100.70.0.1 mx -all"],
        ("sender.example", "MX"): ["10 mx.sender.example."],
        ("mx.sender.example", "A"): ["9.9.9.9"],
    }
    names = Names(records)
    assert spf_result("9.9.9.9", "joe@sender.example", "h", names) == "pass sender.example"
    assert spf_result("8.8.8.8", "joe@sender.example", "h", names) == "fail sender.example"
    assert spf_result("8.8.8.8", "joe@other.example", "h", names) == "none other.example"
    assert spf_result("8.8.8.8", "", "other.example", names) == "none other.example"
    assert spf_result("127.0.0.1", "joe@sender.example", "h", names).startswith("not checked")
    assert spf_result("nonsense", "joe@sender.example", "h", names).startswith("not checked")
    failing = spf_result("8.8.8.8", "joe@sender.example", "h", Names({}, failing=True))
    assert failing.split(" ")[0] in ("temperror", "unsure:")


def test_a_policy_that_names_itself_ends() -> None:
    names = Names({("a.example", "TXT"): ["v=spf1 include:a.example -all"]})
    assert spf_result("8.8.8.8", "x@a.example", "h", names).split(" ")[0] in ("permerror", "unsure:")
    assert names.asked < 30


def test_no_server_is_asked_where_it_is_off_and_an_absent_one_is_said_to_be_so() -> None:
    assert lookup_through("off") is None
    lookup = lookup_through("127.0.0.1:9")
    assert lookup is not None
    with pytest.raises(LookupFailed):
        lookup("sender.example", "TXT")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (b"Auto-Submitted: auto-replied (vacation)", "auto-replied (vacation)"),
        (b"X-Autoreply: yes", "an automatic answer"),
        (b"Precedence: auto_reply", "an automatic answer"),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x", "a report of delivery"),
        (b"X-Ringfence-Loop: 0123456789abcdef", "a mail of ours came back"),
        (b"\r\n".join([b"Received: from a by b"] * 51), "it has gone round in circles"),
        (b"Auto-Submitted: no", ""),
        (b"Precedence: bulk", ""),
        (b"Content-Type: multipart/report; report-type=feedback-report; boundary=x", ""),
        (b"X-Ringfence-Loop: another", ""),
        (b"Received: from a by b", ""),
    ],
)
def test_what_no_person_wrote_is_known_and_reports_of_abuse_are_not_taken_for_it(headers: bytes, why: str) -> None:
    found = automatic(headers + b"\r\nFrom: joe@sender.example\r\n\r\nx\r\n", "joe@sender.example", "0123456789abcdef")
    assert why in found
    assert bool(found) == bool(why)


def dmarc(*, subject: str = "Report Domain: voice.example Submitter: big.example Report-ID: <r1>", name: str = _DMARC) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "noreply-dmarc@big.example", subject
    mail.set_content("Attached.")
    mail.add_attachment(gzip.compress(b"<feedback/>"), maintype="application", subtype="gzip", filename=name)
    return mail.as_bytes(policy=SMTP)


def test_a_packed_dmarc_aggregate_report_is_a_statistic_and_no_complaint() -> None:
    assert "DMARC" in automatic(dmarc(), "noreply-dmarc@big.example", "t")
    alone = (
        b'Subject: Report Domain: v.example\r\n Submitter: b.example\r\nContent-Type: application/zip; name="b!v!1!2.zip"\r\n\r\nPK'
    )
    assert "DMARC" in automatic(alone, "noreply-dmarc@big.example", "t")
    for other in (dmarc(subject="Report of a call"), dmarc(name="calls.csv.gz"), dmarc(name="a!b!c.xml.gz")):
        assert automatic(other, "noreply-dmarc@big.example", "t") == ""


def test_a_mail_from_nobody_is_automatic() -> None:
    assert automatic(b"Subject: x\r\n\r\n", "", "t")
    assert automatic(b"From: joe@sender.example\r\n\r\n", "", "t") == ""
