"""The life of a call as the caller's leg shows it (RFC 3261 sections 12, 13 and 15), as a transition table."""

from enum import StrEnum
from typing import Final


class CallState(StrEnum):
    """Where a call stands."""

    TRYING = "trying"
    RINGING = "ringing"
    CHALLENGED = "challenged"  # refused in a way that the caller may mend by sending it again: credentials, another place
    ANSWERED = "answered"
    ENDED = "ended"


class Trigger(StrEnum):
    """What moves it."""

    INVITE = "invite"
    RING = "ring"  # 180 or 183
    CHALLENGE = "challenge"
    SUCCESS = "success"  # 2xx to the INVITE
    FAILURE = "failure"  # any other final response
    BYE = "bye"
    TIMEOUT = "timeout"


_S, _T = CallState, Trigger

NEXT: Final[dict[tuple[CallState, Trigger], CallState]] = {
    (_S.TRYING, _T.RING): _S.RINGING,
    (_S.TRYING, _T.CHALLENGE): _S.CHALLENGED,
    (_S.TRYING, _T.SUCCESS): _S.ANSWERED,
    (_S.TRYING, _T.FAILURE): _S.ENDED,
    (_S.TRYING, _T.BYE): _S.ENDED,
    (_S.TRYING, _T.TIMEOUT): _S.ENDED,
    (_S.RINGING, _T.CHALLENGE): _S.CHALLENGED,
    (_S.RINGING, _T.SUCCESS): _S.ANSWERED,
    (_S.RINGING, _T.FAILURE): _S.ENDED,
    (_S.RINGING, _T.BYE): _S.ENDED,
    (_S.RINGING, _T.TIMEOUT): _S.ENDED,
    (_S.CHALLENGED, _T.INVITE): _S.TRYING,
    (_S.CHALLENGED, _T.SUCCESS): _S.ANSWERED,
    (_S.CHALLENGED, _T.TIMEOUT): _S.ENDED,
    (_S.ANSWERED, _T.BYE): _S.ENDED,
    (_S.ANSWERED, _T.TIMEOUT): _S.ENDED,
}
"""State and trigger to the next state. What is not here changes nothing."""

OUTSIDE_DIALOGS: Final = frozenset({"REGISTER", "PUBLISH"})
"""Methods that a dialog never carries (RFC 3261 section 10.2, RFC 3903 section 4), whatever tags their sender chose."""

RINGS: Final = frozenset({180, 183})
"""Answers that say that it rings."""

CHALLENGES: Final = frozenset({401, 407})
"""Answers that ask for credentials."""

MENDABLE: Final = CHALLENGES | {300, 301, 302, 305, 380, 415, 420, 421, 422, 428, 494}
"""Answers after which the same call is sent again with another CSeq (RFC 3261 section 8.1.3)."""

CALLEE_REFUSES: Final = frozenset({480, 486, 600, 603, 606, 607})
"""Answers that the called side gives. Every other failure is laid to the network."""

REFUSES_CREDENTIALS: Final = frozenset({401, 403, 407})
"""Answers to a request with credentials that may mean that they were wrong."""

_BEFORE_CREDENTIALS: Final = frozenset({400, 401, 403, 407, 408})


def may_be_early(state: CallState, method: str) -> bool:
    """Tell whether a request with a To tag can be part of a call whose callee's tag is not known (yet).

    Once it has failed only a BYE that crossed its failure can: else a failed call would hide all that is sent with its tags.
    """
    return method == "BYE" if state is CallState.ENDED else method != "INVITE"


def proves_credentials(status: int, *, challenged: bool, registers: bool) -> bool:
    """Tell whether final `status` shows that the credentials in the request were right.

    2xx does. Another answer does where credentials had been demanded for this very call (`challenged`) and the request then got
    beyond the server that demanded them; a registrar's failure never does (`registers`).
    """
    if 200 <= status < 300:
        return True
    return challenged and not registers and status < 700 and status // 100 != 5 and status not in _BEFORE_CREDENTIALS
