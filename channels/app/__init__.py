"""Signed callbacks to the municipalities' apps."""
