"""The closed tree of what can be complained about: each leaf with its clause, what is asked, and what counts as evidence."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Leaf:
    """One kind. `clause` is of the policy; `is_enquiry`: it is answered, and never counted as a complaint."""

    slug: str
    branch: str
    title: str
    clause: str
    questions: tuple[str, ...]
    evidence: str
    is_enquiry: bool = False


_CALL: Final = ("Which number called?", "Which number was called?", "When, in which time zone?")
_WORK: Final = ("Which work or mark is it?", "Whose is it, and in whose name do you write?", "Where is it used?")

LEAVES: Final = (
    Leaf(
        "robocall",
        "Unwanted calls",
        "A recorded voice or an automatic dialler",
        "auto-dialing",
        (*_CALL, "What did the voice say?"),
        "recording",
    ),
    Leaf("silent-call", "Unwanted calls", "Silence, or it rings once", "auto-dialing", _CALL, "screenshot of the call list"),
    Leaf(
        "sales",
        "Unwanted calls",
        "Sales that I did not ask for",
        "spam",
        (*_CALL, "What was sold, and for whom?"),
        "recording, consent withdrawn",
    ),
    Leaf("message", "Unwanted calls", "Unwanted text messages", "spam", (*_CALL, "What does it say?"), "screenshot of the message"),
    Leaf(
        "scam",
        "Fraud",
        "Somebody tried to cheat me",
        "deceptive-marketing",
        (*_CALL, "Whom did they claim to be?", "Was money lost?"),
        "recording, payment data",
    ),
    Leaf(
        "callback",
        "Fraud",
        "A number to call back that costs or cheats",
        "deceptive-marketing",
        ("Which number?", "Where was it advertised?"),
        "screenshot",
    ),
    Leaf(
        "spoofed",
        "Fraud",
        "Somebody shows my number",
        "caller-id-falsification",
        ("Which number is yours?", "Who told you?", "When?"),
        "proof of the number",
    ),
    Leaf(
        "toll-fraud",
        "Fraud",
        "Calls were made at my cost",
        "security-breach",
        ("Which account?", "When?", "Which numbers were called?"),
        "bill, call records",
    ),
    Leaf(
        "harassment",
        "Harm to people",
        "Threats, or calls again and again",
        "harassment",
        (*_CALL, "How often?", "Are you in danger now?"),
        "recording, list of calls",
    ),
    Leaf(
        "offensive",
        "Harm to people",
        "Offensive content",
        "offensive-content",
        (*_CALL, "What was said or sent?"),
        "recording, screenshot",
    ),
    Leaf(
        "privacy",
        "Harm to people",
        "My private data were taken or told",
        "privacy-of-others",
        ("Which data?", "How do you know?"),
        "what was told",
    ),
    Leaf(
        "flood",
        "Harm to networks",
        "So many calls that ours don't get through",
        "denial-of-service",
        ("Which number or address?", "Since when, how many?"),
        "call records, capture",
    ),
    Leaf(
        "scanning",
        "Harm to networks",
        "Our systems are scanned",
        "network-scanning",
        ("From which address?", "When?"),
        "log, capture",
    ),
    Leaf(
        "break-in",
        "Harm to networks",
        "Passwords are guessed, accounts entered",
        "unauthorised-access",
        ("From which address?", "When?", "Which account?"),
        "log",
    ),
    Leaf("malware", "Harm to networks", "A malicious file", "malware", ("How did it come?", "When?"), "the file, quarantined"),
    Leaf("copyright", "Rights", "Copyrighted work", "copyright-infringement", _WORK, "statement in good faith, signature"),
    Leaf("trademark", "Rights", "A name or mark", "trademark", _WORK, "registration of the mark"),
    Leaf("property", "Rights", "Another right", "intellectual-property", _WORK, "proof of the right"),
    Leaf("traceback", "From networks and authorities", "Where did this call come from?", "investigation", _CALL, "your reference"),
    Leaf(
        "peer-notice", "From networks and authorities", "A notice from another network", "proxied-abuse", _CALL, "call identifiers"
    ),
    Leaf(
        "unlawful",
        "Other",
        "Another breach of the law",
        "unlawful",
        ("Which law, in which country?", "What happened?"),
        "whatever shows it",
    ),
    Leaf("other", "Other", "Something else in the policy", "third-party-harm", ("What happened?", "When?"), "whatever shows it"),
    Leaf("enquiry", "Other", "I have a question", "complaints", ("What do you want to know?",), "none", is_enquiry=True),
)
BY_SLUG: Final = {leaf.slug: leaf for leaf in LEAVES}
"""Every leaf by its slug."""

HIDDEN_ALWAYS: Final = frozenset({"harassment", "offensive"})
"""Leaves in which nobody is told who complained, which number was called, or exactly when, whatever the complainant agreed to."""

GRAVE: Final = frozenset({"break-in", "callback", "flood", "harassment", "malware", "offensive", "scam", "spoofed", "toll-fraud"})
"""Leaves by which people or networks are harmed, or money is taken: as grave as a finding that allows a measure."""

_VOICE_TAGS: Final = {
    "voice:robocall": "robocall",
    "voice:scam": "scam",
    "voice:spoofed": "spoofed",
    "voice:harassment": "harassment",
    "voice:one-ring": "silent-call",
    "voice:flood": "flood",
    "voice:unwanted": "sales",
}
_BY_WORDS: Final = {
    "malware": "malware",
    "virus": "malware",
    "copyright": "copyright",
    "trademark": "trademark",
    "login": "break-in",
    "attack": "break-in",
    "scan": "scanning",
    "ddos": "flood",
    "phish": "scam",
    "fraud": "scam",
    "spam": "sales",
}


def leaf_of_report(about: str, tags: tuple[str, ...]) -> str:
    """Return the leaf that a machine-readable report speaks of; empty where it says nothing that is known."""
    for tag in tags:
        if tag in _VOICE_TAGS:
            return _VOICE_TAGS[tag]
    small = about.lower()
    return next((leaf for word, leaf in _BY_WORDS.items() if word in small), "")


def voice_tag(leaf: str) -> str:
    """Return the tag of our voice profile for a leaf; `voice:unwanted` where it has none of its own."""
    return next((tag for tag, slug in _VOICE_TAGS.items() if slug == leaf), "voice:unwanted")
