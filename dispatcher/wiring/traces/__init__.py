"""Traces: what notes the steps of alerts, built from settings."""
