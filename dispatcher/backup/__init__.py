"""What a backup is: its manifest, and the file of keys beside the record. Pure."""
