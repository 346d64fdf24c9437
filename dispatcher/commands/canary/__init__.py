"""What can be typed about canaries."""
