"""Arrange what pages show of prepared warnings."""
