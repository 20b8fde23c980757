"""How long it takes to prove an export of the audit."""
