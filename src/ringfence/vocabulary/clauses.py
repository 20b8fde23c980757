"""The clauses of the acceptable use policy: stable slugs that findings, decisions and reports cite."""

from typing import Final, NewType

Clause = NewType("Clause", str)
"""A clause's slug: lower-case words joined by hyphens."""

SECTIONS: Final[dict[int, tuple[str, ...]]] = {
    1: (
        "scope",
        "acceptance",
        "flow-down",
        "responsibility",
        "complaints",
        "investigation",
        "privacy",
        "governing-law",
    ),
    2: ("modification",),
    3: (
        "no-monitoring",
        "technical-prevention",
        "awareness",
        "discretion",
        "responsibility-first",
        "immediacy",
        "credentials",
        "account-transfer",
        "lost-username",
        "lost-password",
        "compromised-password",
    ),
    4: (
        "unlawful",
        "false-user-information",
        "upstream-policy",
        "intellectual-property",
        "copyright-infringement",
        "privacy-of-others",
        "deceptive-marketing",
        "denial-of-service",
        "unauthorised-access",
        "caller-id-falsification",
        "malware",
        "network-scanning",
        "security-breach",
        "interception",
        "session-interference",
        "spam",
        "offensive-content",
        "harassment",
        "auto-dialing",
        "third-party-harm",
        "proxied-abuse",
    ),
    5: ("restriction", "termination", "referral", "disclosure", "cost-recovery", "no-liability"),
    6: ("trademark",),
    7: ("severability",),
    8: ("indemnity",),
    9: ("liability-limit",),
}
"""Section number to the slugs of its clauses, in the order of the text."""

CLAUSES: Final[frozenset[str]] = frozenset(slug for slugs in SECTIONS.values() for slug in slugs)
"""Every slug the default policy has. A provider's bundle may add its own."""
