"""The worker process: arq rings, the pipeline works."""
