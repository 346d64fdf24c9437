"""From bytes to values: the ways into `cap`."""
