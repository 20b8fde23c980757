"""How well complaints are grouped into campaigns."""
