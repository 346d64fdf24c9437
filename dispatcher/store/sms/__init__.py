"""The record of what SMS cost, and of which gateway takes them."""
