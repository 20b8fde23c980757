"""Questions to a party, tier by tier along the chain of resellers, each with a clock; answered on a page without a login."""
