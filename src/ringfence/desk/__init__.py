"""The desk: what people see and decide. Django, one app per noun (docs/desk.md)."""
