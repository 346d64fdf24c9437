"""Look after what waits for a second person, while nobody does."""
