"""The commands: each reads its configuration, wires sources to sinks, and runs one process."""
