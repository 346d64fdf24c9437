"""Measure the service for the page of its health."""
