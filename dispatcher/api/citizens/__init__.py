"""What a process serves that is for citizens alone."""
