"""The record's alerts."""
