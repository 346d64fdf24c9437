"""Send test alerts to the service's own endpoints."""
