"""Questions to the lake in SQL, by DuckDB: views with the names of the documentation, tokens in place of numbers, nothing to write.

A question sees no file but the lake's, and of the lake nothing that is sealed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.tokens import token
from ringfence.watch.lake.schema import COLUMNS, MOMENT, NUMBERS, SCHEMA, STEP
from ringfence.watch.lake.store import Lake

_ROWS: Final = 1_000
_BESIDE: Final = (*(f"{name}_{what}" for name in NUMBERS for what in ("country", "type")), STEP)
_CALL: Final = """
    SELECT ended.call_id, begun.start,
        CASE WHEN ended.answered THEN ended.time - to_milliseconds(ended.duration_ms) END AS answer,
        ended.time AS "end", ended.* EXCLUDE (call_id, time, kind, method, sequence)
    FROM events AS ended
    LEFT JOIN (SELECT call_id, max(time) AS start FROM events WHERE kind = 'attempt' GROUP BY call_id) AS begun USING (call_id)
    WHERE ended.kind = 'end'
"""
VIEWS: Final = {
    "events": "every event, by the fields of rules; numbers, addresses, user names and call ids as tokens",
    "calls": "calls that have ended, one row each: start, answer, end, and all that is known at the end",
    "messages": "text messages",
    "requests": "requests outside calls that got their final response, of any method",
    "registrations": "the REGISTER requests among them",
    "findings": "what rules found; subjects that are numbers or addresses as tokens",
}
"""What can be asked, by name."""

_OPEN_SUBJECTS: Final = frozenset({SubjectKind.ACCOUNT, SubjectKind.PARTY, SubjectKind.TRUNK, SubjectKind.CAMPAIGN})
_FINDINGS: Final = pa.schema(
    [
        ("id", pa.string()),
        ("time", MOMENT),
        ("rule", pa.string()),
        ("clause", pa.string()),
        ("mode", pa.string()),
        ("severity", pa.string()),
        ("subject_kind", pa.string()),
        ("subject", pa.string()),
        ("party_path", pa.list_(pa.string())),
        ("window_start", MOMENT),
        ("window_end", MOMENT),
        ("measures", pa.string()),
        ("thresholds", pa.string()),
        ("events", pa.int64()),
        ("sample", pa.list_(pa.string())),
        ("policy", pa.string()),
        ("says", pa.string()),
    ]
)


class QuestionRefused(Exception):
    """It is no question, or one that can't be answered; the text says why."""


class Answer:
    """The rows of an answer, read as they are asked for, under the columns' `names`."""

    def __init__(self, reader: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self.names: Final[Sequence[str]] = reader.schema.names
        self._reader = reader

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows. Raises `QuestionRefused` where the answer fails on the way."""
        try:
            for batch in self._reader:
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise QuestionRefused(str(error)) from error


class Questions:
    """A connection that answers questions about `lake` and `findings` as of now. `key` is the installation's, for tokens."""

    def __init__(self, lake: Lake, findings: Iterable[Finding], key: bytes) -> None:
        self._connection: Final = duckdb.connect(":memory:")
        contents = lake.contents()
        paths = [str(lake.folder / file.path) for file in contents.within(None, None)]
        run = self._connection.execute
        run("SET TimeZone = 'UTC'")
        run("SET autoinstall_known_extensions = false")
        run("SET python_enable_replacements = false")
        run("SET autoload_known_extensions = false")
        self._connection.create_function("token", lambda kind, text: token(key, kind, text), ["VARCHAR", "VARCHAR"], "VARCHAR")
        if paths:
            run(f"SET allowed_paths = [{', '.join(map(_quoted, paths))}]")
        run("SET enable_external_access = false")
        self._connection.register("no_events", SCHEMA.empty_table())
        self._connection.register("findings", _table(findings, key))
        source = f"read_parquet([{', '.join(map(_quoted, paths))}], hive_partitioning = true)" if paths else "no_events"
        run(f"CREATE VIEW events AS SELECT {_columns(hive=bool(paths))} FROM {source}")
        run(f"CREATE VIEW calls AS {_CALL}")
        for view, kind in (("messages", "message"), ("requests", "request"), ("registrations", "registration")):
            run(f"CREATE VIEW {view} AS SELECT * EXCLUDE (kind) FROM events WHERE kind = '{kind}'")
        run("SET lock_configuration = true")

    def ask(self, question: str) -> Answer:
        """Return the answer to one SELECT. Raises `QuestionRefused`."""
        try:
            statements = self._connection.extract_statements(question)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QuestionRefused("a question is one SELECT: the lake can't be changed by it")
            return Answer(self._connection.sql(question).to_arrow_reader(_ROWS))
        except duckdb.Error as error:
            raise QuestionRefused(str(error)) from error

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _columns(*, hive: bool) -> str:
    """Return the fields as a question sees them: those that are sealed by their tokens' text."""
    shown = []
    for column in COLUMNS:
        shown.append(f"{_hexadecimal(column.token)} AS {column.name}" if column.sealed else column.name)
    shown += [*_BESIDE, *(f"{_hexadecimal(f'{name}_block')} AS {name}_block" for name in NUMBERS)]
    if hive:
        shown += ["day", "hour"]
    return ", ".join(shown)


def _hexadecimal(column: str) -> str:
    return f"printf('%016x', {column})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _table(findings: Iterable[Finding], key: bytes) -> Any:  # noqa: ANN401 - pyarrow has no types
    rows = [
        {
            "id": finding.id,
            "time": finding.time,
            "rule": finding.rule,
            "clause": finding.clause,
            "mode": str(finding.mode),
            "severity": str(finding.severity),
            "subject_kind": str(finding.subject.kind),
            "subject": _subject(finding, key),
            "party_path": list(finding.party_path),
            "window_start": finding.window.start,
            "window_end": finding.window.end,
            "measures": msgspec.json.encode(finding.measures).decode(),
            "thresholds": msgspec.json.encode(finding.thresholds).decode(),
            "events": finding.evidence.events,
            "sample": [token(key, "call", call_id) for call_id in finding.evidence.sample],
            "policy": finding.policy,
            "says": finding.says,
        }
        for finding in findings
    ]
    return pa.Table.from_pylist(rows, schema=_FINDINGS)


def _subject(finding: Finding, key: bytes) -> str:
    kind, name = finding.subject.kind, finding.subject.id
    if kind in _OPEN_SUBJECTS:
        return name
    if kind is SubjectKind.PAIR:
        return ",".join(token(key, "number", each) for each in name.split(","))
    return token(key, kind, name)
