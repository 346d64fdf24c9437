"""What an operator does at the record itself."""
