"""The record's feeds."""
