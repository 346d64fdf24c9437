"""Programs that each send the same notice by FCM in one way, ours and others': a job in, a measurement out."""
