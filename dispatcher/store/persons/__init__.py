"""Keep persons who sign in: who they are, their roles, what they show, and their sessions."""
