"""Chain the audit trail: what is hashed of a line, what is signed of the chain, and what a change of it shows by."""
