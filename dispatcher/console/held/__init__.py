"""Arrange what pages show of messages that wait for a person."""
