"""What apps have of their own at push services of phones."""
