"""Reads and writes the forms of an alert besides XML: GeoJSON, NINA's JSON, archives, reports for people."""
