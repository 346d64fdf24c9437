"""What is known of a gateway and of one recipient behind it: pure, time is a parameter (monotonic seconds)."""
