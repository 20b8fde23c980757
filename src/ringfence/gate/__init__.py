"""May this request pass? The orders table, the SIP redirect server that answers from it, the edges it is pushed to. No Django."""
