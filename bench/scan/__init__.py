"""How fast `ringfence scan` reads a capture and call records, beside programs that only count them."""
