"""Programs that each send the same notice by APNs in one way, ours and aioapns: a job in, a measurement out."""
