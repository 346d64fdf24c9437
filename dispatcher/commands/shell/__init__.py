"""How commands are found, loaded, helped with and printed."""
