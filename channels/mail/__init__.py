"""Mail to few people who are known by name: those on duty. No channel of warnings."""
