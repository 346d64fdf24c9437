"""Take a committed alert to the last recipient's outcome: plan, deliver, settle, reconcile."""
