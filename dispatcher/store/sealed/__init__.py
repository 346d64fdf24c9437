"""Keep personal data sealed in the record: addresses, the columns that are sealed, their keys, and how keys change."""
