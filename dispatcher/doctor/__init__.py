"""Judge what the service stands on, and say what to do about it, for `dispatcher doctor` and for metrics. Pure."""
