"""Stop and correct: what was wrong is taken back at once, by one person, in prepared words."""
