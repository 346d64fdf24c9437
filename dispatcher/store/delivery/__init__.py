"""Read and write the record's plans, batches and ledger."""
