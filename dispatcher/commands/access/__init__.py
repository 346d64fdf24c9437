"""The commands of an administrator: who may submit and read, with which secrets, and who did what."""
