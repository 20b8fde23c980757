"""What signalling shows that no single event tells: strangers in sessions, contested registrations, broken messages, tools' shapes.

Each detector is pure: it says what a packet or a sequence of events is, and a rule of the bundle says what follows.
"""
