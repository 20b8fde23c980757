"""How soon a live watch that was killed goes on, by how many keys its rules remember."""
