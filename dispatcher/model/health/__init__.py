"""How the service was in the last hours, minute by minute."""
