"""A benchmark of this checkout beside the same one of another, in pairs."""
