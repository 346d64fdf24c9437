"""The words of our own around what a sender writes: one catalogue for each language."""
