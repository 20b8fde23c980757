"""How fast `ringfence scan` reads a large capture of signalling, beside tshark."""
