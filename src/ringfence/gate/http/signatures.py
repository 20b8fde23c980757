"""From a JSON description of a call to its signed identity, for originating proxies that verify nothing themselves."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.http.verdicts import Question, attributed
from ringfence.gate.identity import NotSigned, Signing
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory


class Call(Question, frozen=True, kw_only=True, omit_defaults=True):
    """A call that begins, or with `diverted_from` one that was for that number and is sent on to `callee`."""

    diverted_from: str | None = None


class Signatures:
    """Signs for peers whose word on who sends a call is believed: `directory` gives who holds what now."""

    def __init__(self, signing: Signing, directory: Callable[[], Directory], *, clock: Callable[[], Micros]) -> None:
        self._signing = signing
        self._directory = directory
        self._clock = clock
        self._one = msgspec.json.Decoder(Call)
        self._encoder = msgspec.json.Encoder()

    def answer(self, body: bytes) -> bytes:
        """Return the signature in JSON. Raises `Unanswerable` for what is no call, `NotSigned` for one that gets none."""
        try:
            call = self._one.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
            text, _, place = str(error).partition(" - at `")
            raise Unanswerable(text, "GET /v1/voice/openapi.json describes a call", place.rstrip("`")) from error
        if call.method != "INVITE":
            raise NotSigned(f"{call.method[:32]} is not signed", "only calls are: INVITE")
        now, directory = self._clock(), self._directory()
        situation = attributed(replace(call, diverted_from=None), trusted=True, directory=directory, now=now)
        return self._encoder.encode(self._signing.sign(situation, directory, now, diverted_from=call.diverted_from))
