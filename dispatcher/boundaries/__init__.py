"""Boundary data: reading, building and importing the municipalities and their codes."""
