"""What can be typed about people on duty."""
