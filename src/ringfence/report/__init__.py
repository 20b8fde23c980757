"""What a recording showed, as one page to read and to forward."""
