"""Prepared warnings at the command line: check, keep, approve and fill them."""
