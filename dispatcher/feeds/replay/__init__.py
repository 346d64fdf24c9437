"""Recordings of sources, and running them again at another time."""
