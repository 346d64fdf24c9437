"""Work on one batch under its lease: what has left, what came back, what was written down, when to stop."""
