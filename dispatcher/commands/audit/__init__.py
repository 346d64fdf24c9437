"""`dispatcher audit …`: read the audit trail, prove that it is whole, and give it to somebody who checks that."""
