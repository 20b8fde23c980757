"""Why a call ended, as switches name it: Q.850 causes, and the SIP status that stands for each (RFC 3398 section 8.2.6.1)."""

from typing import Final

NAMED: Final = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_TRANSIT_NET": 2,
    "NO_ROUTE_DESTINATION": 3,
    "CHANNEL_UNACCEPTABLE": 6,
    "CALL_AWARDED_DELIVERED": 7,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "REDIRECTION_TO_NEW_DESTINATION": 23,
    "EXCHANGE_ROUTING_ERROR": 25,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "FACILITY_REJECTED": 29,
    "RESPONSE_TO_STATUS_ENQUIRY": 30,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "ACCESS_INFO_DISCARDED": 43,
    "REQUESTED_CHAN_UNAVAIL": 44,
    "FACILITY_NOT_SUBSCRIBED": 50,
    "OUTGOING_CALL_BARRED": 52,
    "INCOMING_CALL_BARRED": 54,
    "BEARERCAPABILITY_NOTAUTH": 57,
    "BEARERCAPABILITY_NOTAVAIL": 58,
    "SERVICE_UNAVAILABLE": 63,
    "BEARERCAPABILITY_NOTIMPL": 65,
    "CHAN_NOT_IMPLEMENTED": 66,
    "FACILITY_NOT_IMPLEMENTED": 69,
    "SERVICE_NOT_IMPLEMENTED": 79,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "PROTOCOL_ERROR": 111,
    "INTERWORKING": 127,
    "ORIGINATOR_CANCEL": 487,
    "USER_NOT_REGISTERED": 606,
}
"""FreeSWITCH's names. Those above 127 are its own and no Q.850 causes."""

_SIP: Final = {
    **dict.fromkeys((1, 2, 3), 404),
    17: 486,
    18: 408,
    **dict.fromkeys((19, 20, 31), 480),
    21: 403,
    22: 410,
    23: 410,
    26: 404,
    27: 502,
    28: 484,
    29: 501,
    **dict.fromkeys((34, 38, 41, 42, 47), 503),
    **dict.fromkeys((55, 57), 403),
    **dict.fromkeys((58, 63), 503),
    **dict.fromkeys((65, 79), 488),
    69: 501,
    70: 488,
    87: 403,
    88: 503,
    102: 504,
    **dict.fromkeys((111, 127), 500),
    487: 487,
    606: 480,
}
_HIGHEST_Q850: Final = 127


def q850(cause: int | None) -> int | None:
    """Return the cause if it is one of Q.850."""
    return cause if cause is not None and 0 < cause <= _HIGHEST_Q850 else None


def sip_status(cause: int | None, *, answered: bool) -> int:
    """Return the final SIP status of a call that ended for `cause`, 0 where that can't be told.

    Normal clearing (16) of a call that nobody answered is the caller's cancelling, or an application's end: not told.
    """
    return 200 if answered else _SIP.get(cause or 0, 0)
