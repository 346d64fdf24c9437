"""People on duty: who of them is told of what waits for a decision, when, and in which words. Pure."""
