"""What rules and findings say, in words for people: on pages, on a terminal, in letters. Light: it loads no compiler."""
