"""Judge what the service stands on, and say what to do about it: what `dispatcher doctor` prints. Pure."""
