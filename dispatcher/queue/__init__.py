"""The queue in Redis or Valkey: wake-ups, and how the server is found."""
