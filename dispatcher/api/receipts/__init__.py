"""Takes receipts: what devices say of the messages that they got."""
