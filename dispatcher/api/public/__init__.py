"""What anybody may read: the routes that take no key, and how they are answered from ready bytes."""
