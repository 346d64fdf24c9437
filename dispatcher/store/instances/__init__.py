"""What instances have beside themselves: neighbours that they show, and credentials of their own."""
