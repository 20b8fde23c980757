"""How grave a finding is."""

from enum import StrEnum


class Severity(StrEnum):
    """Steps of a finding: `info` is worth knowing, `warn` asks for a look, `act` allows a measure."""

    INFO = "info"
    WARN = "warn"
    ACT = "act"


class Mode(StrEnum):
    """What a rule's findings may lead to: `shadow` nothing, `report` a case, `act` a standing order too."""

    SHADOW = "shadow"
    REPORT = "report"
    ACT = "act"
