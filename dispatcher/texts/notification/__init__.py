"""What a push says on the screen of a phone by itself, and what else is in force where it is read."""
