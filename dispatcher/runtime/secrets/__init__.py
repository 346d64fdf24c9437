"""The secrets that all machines of a service have alike: where they are, and that they are the same."""
