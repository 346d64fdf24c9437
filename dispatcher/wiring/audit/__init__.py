"""Build what keeps the chain of the audit trail."""
