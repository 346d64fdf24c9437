"""Find the server of the record that takes writes, among those that `DATABASE_URL` names."""
