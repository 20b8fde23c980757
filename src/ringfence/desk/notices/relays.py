"""Where mails go: to a relay by SMTP, signed with DKIM where a key is there; or, without a relay, into a folder."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import dkim

from ringfence.desk.letters.models import LetterState
from ringfence.desk.letters.services import Refused

TIMEOUT_S: Final = 30.0
_SIGNED: Final = [b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted", b"content-type"]
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Signing:
    """A DKIM key (RFC 6376): its record stands at `selector`._domainkey.`domain`."""

    domain: str
    selector: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """A relay at smtp://user:password@host:port (STARTTLS where it is offered) or smtps://… (TLS from the start)."""

    address: str = field(repr=False)
    sender: str
    signing: Signing | None = None

    @property
    def state(self) -> LetterState:
        """It went on its way."""
        return LetterState.SENT

    def take(self, mail: EmailMessage) -> None:
        """Hand it over. Raises `Refused`: permanent for a 5xx answer, else to be tried again."""
        parts = urlsplit(self.address)
        host, port = parts.hostname or "localhost", parts.port or _PORTS.get(parts.scheme, 25)
        context = ssl.create_default_context()
        try:
            made = (
                smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
                if parts.scheme == "smtps"
                else smtplib.SMTP(host, port, timeout=TIMEOUT_S)
            )
            with made as connection:
                if parts.scheme == "smtp":
                    connection.ehlo()
                    if connection.has_extn("starttls"):
                        connection.starttls(context=context)
                if parts.username:
                    connection.login(unquote(parts.username), unquote(parts.password or ""))
                connection.sendmail(self.sender, [str(mail["To"])], signed(mail, self.signing))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise Refused(f"{code} {_text(said)}", permanent=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            login = isinstance(error, smtplib.SMTPAuthenticationError)  # the operator's mistake, not the mail's
            said_so = f"{error.smtp_code} {_text(error.smtp_error)}"
            raise Refused(said_so, permanent=error.smtp_code >= 500 and not login) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Refused(f"{host}:{port}: {error}", permanent=False) from error


@dataclass(frozen=True, slots=True)
class Folder:
    """No relay: each mail becomes a file, `<Message-ID's first part>.eml`, for somebody to send or to look at."""

    path: Path
    sender: str

    @property
    def state(self) -> LetterState:
        """It went nowhere yet."""
        return LetterState.KEPT

    def take(self, mail: EmailMessage) -> None:
        """Write it, whole or not at all. Raises `Refused` where the disk refuses."""
        name = "".join(each for each in str(mail["Message-ID"]).strip("<>").partition("@")[0] if each.isalnum() or each == ".")
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self.path / f"{name}.draft"
            draft.write_bytes(mail.as_bytes(policy=SMTP))
            draft.replace(self.path / f"{name}.eml")
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror or error}", permanent=False) from error


def _text(said: bytes | str) -> str:
    return said if isinstance(said, str) else said.decode(errors="replace")


def signed(mail: EmailMessage, signing: Signing | None) -> bytes:
    """Return the octets of a mail as they are sent, with a DKIM signature on top where there is a key."""
    octets = mail.as_bytes(policy=SMTP)
    if signing is None:
        return octets
    header = dkim.sign(
        octets, signing.selector.encode(), signing.domain.encode(), signing.key, include_headers=_SIGNED, linesep=b"\r\n"
    )
    return bytes(header) + octets
