"""Appeals: who is touched by a measure contests it, and another person than the one who decided looks at it again."""
