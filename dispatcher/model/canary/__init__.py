"""Define canaries: endpoints of the service's own, to which it sends test alerts."""
