"""Put together what lets persons sign in."""
