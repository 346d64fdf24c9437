"""Keep the audit trail's chain: write it, look through it, and put its checkpoints where the service cannot reach."""
