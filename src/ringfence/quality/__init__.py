"""How well a bundle finds what a labelled carrier did: how much, how soon, at what cost to the innocent."""
