"""One adapter for each format of a source."""
