"""Makes and verifies XML signatures."""
