"""Draw how the service was in the last hours."""
