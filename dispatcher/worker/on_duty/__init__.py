"""Tell people on duty of what waits for them, and send the codes that prove their endpoints."""
