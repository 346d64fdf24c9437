"""Readers are processes in which untrusted bytes are read: each can be killed, and no source has all of them."""
