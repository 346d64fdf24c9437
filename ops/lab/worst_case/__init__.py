"""Looks for the body that takes the most processor time per byte to read: `python -m ops.lab.worst_case`."""
