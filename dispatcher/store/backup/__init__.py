"""What a backup needs to know of the record, and what a restored one has to be told."""
