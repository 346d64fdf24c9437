"""What operators decide about messages that wait for a person."""
