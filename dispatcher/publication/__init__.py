"""What is in force, for anybody: one state per process, and the documents that are made of it."""
