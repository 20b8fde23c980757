"""Notices of copyrights and marks: passed on to the party, contested by counter-notice, counted; and who may use which mark."""
