"""Parties whose contract was ended and that seem to return through another reseller: pointed out, with the reasons, to a person."""
