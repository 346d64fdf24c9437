"""The record (PostgreSQL) and the queue (Redis): the only code that speaks SQL or Redis."""
