"""Show where a message warns: as a table and as a map."""
