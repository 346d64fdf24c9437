"""Decides about SMS by what is agreed with their providers: which gateway takes whom, what it costs, how long it is."""
