"""What other networks list: read, kept with where it came from and until when, told to watch and gate."""
