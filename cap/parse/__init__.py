"""Turns bytes into values: `cap.parse.document` is the entry, the other modules read one part of a message each."""
