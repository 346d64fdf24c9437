"""Enqueue wake-ups in Redis or Valkey, and find the server that takes them."""
