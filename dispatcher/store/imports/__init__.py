"""What is imported: rows that are made ready, the endpoints that they become, and what an export has of them."""
