"""What processes tell one another of the rates of accounts."""
