"""Prepared warnings as the record has them."""
