"""Keep the audit trail's chain in the record, with its checkpoints and keys, and know who may change it."""
