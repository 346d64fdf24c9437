"""Read and write what the record remembers of feeds."""
