"""Push services as data: whose they are, what their answers mean, and where that is written."""
