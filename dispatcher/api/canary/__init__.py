"""Takes the Web Push messages that the service sends to itself."""
