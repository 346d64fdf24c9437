"""Keep the record in PostgreSQL. No other code contains SQL."""
