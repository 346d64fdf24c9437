"""The sentences that a person at the desk reads, in one catalogue for each language."""
