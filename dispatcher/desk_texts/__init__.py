"""Says to a person at a desk what the service says: one catalogue of words and sentences per language."""
