"""Verdicts over HTTP: for whoever can ask a question of JSON before a call."""

from ringfence.gate.http.server import VerdictServer

__all__ = ["VerdictServer"]
