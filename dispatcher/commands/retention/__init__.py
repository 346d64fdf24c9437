"""`dispatcher retention`: take out of the record what is kept no longer."""
