"""Build concrete things from settings; this room is the one place that does."""
