"""Pictures of evidence as SVG, each with the rows of its table.

Colours come from the page's style, so that one drawing fits light, dark and paper.
"""
