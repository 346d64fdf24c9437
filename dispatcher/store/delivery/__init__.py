"""The record's plans, batches and ledger."""
