"""The forms in which what is in force is published: pure functions of the state and a place."""
