"""The process around the service: logs, listening, probes, descriptors, memory."""
