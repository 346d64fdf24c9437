"""HTTP: submission, status, public reading by the municipalities' apps, health and metrics."""
