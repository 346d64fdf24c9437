"""A second pair of eyes: which warnings wait for a person's approval, what exactly is approved, and by whom."""
