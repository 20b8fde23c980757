"""Charges: what identifying and restricting abuse costs whoever caused it, by the fees of the version that was decided by."""
