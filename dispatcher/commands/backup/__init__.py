"""`dispatcher backup | restore`: save the record with its keys, and bring it back."""
