"""What can be typed: serve, administer, submit."""
