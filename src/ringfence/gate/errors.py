"""What can go wrong in the gate."""


class GateError(Exception):
    """The gate could not do something. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class AddressBusy(GateError):
    """Another program listens where the redirect server should."""


class CertificateUnusable(GateError):
    """TLS is configured, and its files can't be used."""


class EdgeRefused(GateError):
    """An edge did not do what it was told. With `reached`, it answered and said so; else nothing, or nonsense, came back."""

    def __init__(self, message: str, *, permanent: bool, reached: bool) -> None:
        super().__init__(message, permanent=permanent)
        self.reached = reached
