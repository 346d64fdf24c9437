"""Read and write the record's alerts."""
