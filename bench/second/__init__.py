"""A second made-up network of other habits than `ringfence.simulate` has, to see whether the default bundle holds there too."""
