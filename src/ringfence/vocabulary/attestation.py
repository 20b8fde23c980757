"""What an originating provider vouches for about the caller's number (ATIS-1000074, RFC 8588)."""

from enum import StrEnum


class Attestation(StrEnum):
    """`A` full, `B` partial, `C` gateway. No attestation is `None`, never a fourth letter."""

    A = "A"
    B = "B"
    C = "C"
