"""How fast `ringfence scan` judges a large file of call records, beside programs that only read it."""
