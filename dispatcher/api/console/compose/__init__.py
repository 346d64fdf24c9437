"""Answer the pages on which a warning is written, looked at and sent."""
