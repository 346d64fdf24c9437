"""Drills: alarm, correction and all-clear over the whole path to those who take part, and what came of them."""
