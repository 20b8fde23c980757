"""The policy bundle: text, rules, ladder, lists; checked, compiled to a plan. Pure: bytes in, objects or errors out."""
