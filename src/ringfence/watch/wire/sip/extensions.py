"""Option tags of SIP extensions: what Require and Proxy-Require may ask for."""

from typing import Final

OPTION_TAGS: Final = frozenset(
    {
        *("100rel", "199", "answermode", "early-session", "eventlist", "explicitsub", "from-change", "geolocation-http"),
        *("geolocation-sip", "gin", "gruu", "histinfo", "ice", "join", "multiple-refer", "norefersub", "nosub", "outbound", "path"),
        *("policy", "precondition", "pref", "privacy", "recipient-list-invite", "recipient-list-message"),
        *("recipient-list-subscribe", "record-aware", "replaces", "resource-priority", "sdp-anat", "sec-agree", "siprec"),
        *("tdialog", "timer", "trickle-ice", "uui"),
    }
)
"""Registered with IANA (SIP Parameters, Option Tags), in lower case."""
