"""What a connection is answered by without a task of its own: streams that are only written to, and ready bytes."""
