"""What people read of a warning: which info, which words, which times and places. Decides, and does no I/O."""
