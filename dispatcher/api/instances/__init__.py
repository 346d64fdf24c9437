"""The routes of municipalities' apps: what is in force, and their webhook."""
