"""The policy bundle: text, rules, ladder, lists; checked, and compiled to a plan. Pure: bytes and names in, objects or errors out."""
