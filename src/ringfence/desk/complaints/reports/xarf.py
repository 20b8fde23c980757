"""XARF version 4, read by the library of its authors, with our own profile for voice on top."""

import json
import warnings
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from typing import Final

from ringfence.desk.complaints.reports import shapes
from ringfence.desk.complaints.reports.report import Evidence, Problem, Report, ReportFormat
from ringfence.vocabulary.times import Micros, from_iso

_LONGEST: Final = 20_000
_MOST: Final = 100


def is_xarf(data: object) -> bool:
    """Tell whether JSON says that it is XARF version 4 or later."""
    return isinstance(data, dict) and "xarf_version" in data


def read_xarf(data: Mapping[str, object]) -> Report:
    """Return what the report says, with every problem that the format's schema finds, and never raise."""
    reporter, voice = _held(data, "reporter"), _held(data, "voice")
    source = _text(data.get("source_identifier"))
    named = [source, _text(voice.get("caller"))]
    return Report(
        format=ReportFormat.XARF,
        version=_text(data.get("xarf_version")) or "",
        about=f"{_text(data.get('category')) or ''}/{_text(data.get('type')) or ''}",
        reporter=_text(reporter.get("org")),
        reporter_mail=_text(reporter.get("contact")),
        reference=_text(data.get("report_id")),
        happened=_moment(voice.get("call_time")) or _moment(data.get("timestamp")),
        addresses=(source,) if source is not None and shapes.address(source) is None else (),
        numbers=_numbers(*named),
        callees=_numbers(_text(voice.get("callee"))),
        callbacks=_numbers(_text(voice.get("callback"))),
        urls=tuple(
            value
            for name in ("url", "infringing_url")
            if (value := _text(data.get(name))) is not None and shapes.url(value) is None
        ),
        tags=_texts(data.get("tags")),
        notes=_text(data.get("description")) or "",
        evidence=tuple(_evidence(data.get("evidence"))),
        problems=tuple(_problems(data)),
    )


def _held(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value[:_MOST] if isinstance(one, str)) if isinstance(value, list) else ()


def _moment(value: object) -> Micros | None:
    return from_iso(value) if isinstance(value, str) and shapes.moment(value) is None else None


def _numbers(*named: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in named if one is not None and _is_number(one)))


def _is_number(text: str) -> bool:
    return text.startswith("+") and text[1:].isdigit() and 7 <= len(text) <= 16


def _evidence(listed: object) -> Iterator[Evidence]:
    for one in (listed if isinstance(listed, list) else [])[:_MOST]:
        if not isinstance(one, dict):
            continue
        try:
            data = b64decode(str(one.get("payload", "")), validate=True)
        except (NotBase64, ValueError):
            data = str(one.get("payload", "")).encode()
        kind, description = _text(one.get("content_type")), _text(one.get("description"))
        yield Evidence(content_type=kind or "application/octet-stream", description=description or "", data=data)


def _problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Ask the library, which is loaded here: it takes half a second, and most mails hold no such report."""
    from xarf import XARFError, parse  # noqa: PLC0415 # see above

    # Text, not the object: the library reads what a JSON reader would have read, and a copy can't be changed under us.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = parse(json.dumps(data)).errors
    except (XARFError, RecursionError, ValueError, TypeError) as refused:
        yield Problem("", f"can't be checked: {type(refused).__name__}")
        return
    for error in found[:_MOST]:
        yield Problem(error.field, error.message[:_LONGEST])
