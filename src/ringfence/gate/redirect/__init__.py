"""The SIP redirect server: any proxy that follows a redirect can ask it, before it routes, whether a request may pass."""

from ringfence.gate.redirect.server import RedirectServer

__all__ = ["RedirectServer"]
