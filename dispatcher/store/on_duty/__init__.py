"""Keep where people on duty are told, what they are told of, and what became of each message."""
