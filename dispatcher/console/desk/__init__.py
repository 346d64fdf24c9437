"""Arrange what the operator's desk shows, and say it."""
