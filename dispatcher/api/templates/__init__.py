"""Prepared warnings over HTTP."""
