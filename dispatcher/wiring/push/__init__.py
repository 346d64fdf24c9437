"""Build what the push services of phones need."""
