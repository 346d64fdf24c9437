"""XML signatures: made and verified."""
