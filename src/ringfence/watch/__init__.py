"""Traffic to findings. Between `sources` and `sinks` no socket is opened and no clock read: a recording gives what live gives."""
