"""Who or what a finding, a case or an order is about."""

from enum import StrEnum


class SubjectKind(StrEnum):
    """The closed list of kinds of subject. How each id is written stands beside it."""

    ACCOUNT = "account"  # the provider's account name
    PARTY = "party"  # the provider's party name
    TRUNK = "trunk"  # the provider's trunk name
    NUMBER = "number"  # E.164 with +
    RANGE = "range"  # digits prefix with +
    PAIR = "pair"  # caller,callee
    SOURCE = "source"  # IP address, canonical text
    REGISTRATION = "registration"  # address-of-record and source: user@domain,address
    CAMPAIGN = "campaign"  # the desk's campaign number


class Role(StrEnum):
    """What a subject is in a case; decides what may follow. An `outsider` gets protective orders only."""

    OFFENDER = "offender"
    COMPROMISED = "compromised"
    VICTIM = "victim"
    OUTSIDER = "outsider"
