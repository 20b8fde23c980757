"""What a complaint states, read from free text in many languages: numbers with their roles, and when it was. Pure."""

from ringfence.desk.complaints.statements.statement import Around, Named, NumberRole, Statement, Told
from ringfence.desk.complaints.statements.text import statement_of

__all__ = ["Around", "Named", "NumberRole", "Statement", "Told", "statement_of"]
