"""Read and write the record's subscriptions."""
