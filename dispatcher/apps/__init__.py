"""What makers of municipalities' apps deal with: their webhook, its test, and what is in force."""
