"""Which numbers accounts may show that they do not hold, from a CSV file: each row checked by itself, every problem named. Pure.

    rights.csv     account,number,verified,valid_from,valid_to

A number may be a range, `+3225551000-+3225551999`. `verified` says in words how somebody made sure of it. Times are ISO 8601 with a
zone; empty means without bound.
"""

from collections.abc import Mapping
from typing import Final

from ringfence.vocabulary.contracts import PresentationRight
from ringfence.watch.attribution.files import BadValue, CsvFile, RowProblem, Table, blocks_of, name_of, read_rows, span_of

RIGHT_COLUMNS: Final = ("account", "number", "verified", "valid_from", "valid_to")
_LONGEST: Final = 500


def read_rights(file: CsvFile | Table | None, problems: list[RowProblem]) -> tuple[PresentationRight, ...]:
    """Return the rights of the good rows; what is wrong with others is added to `problems`."""
    return tuple(right for rights in read_rows(file, RIGHT_COLUMNS, _rights, problems) for right in rights)


def _rights(_: int, row: Mapping[str, str]) -> tuple[PresentationRight, ...]:
    account, found, verified = name_of(row, "account"), blocks_of(row["number"]), row["verified"]
    if len(verified) > _LONGEST or not verified.isprintable():
        raise BadValue("verified", "too long, or with control characters", f"at most {_LONGEST} printable characters")
    start, end = span_of(row)
    return tuple(
        PresentationRight(
            account=account,
            number=block.prefix,
            digits=0 if block.digits == len(block.prefix) else block.digits,
            verified=verified,
            valid_from=start,
            valid_to=end,
        )
        for block in found
    )
