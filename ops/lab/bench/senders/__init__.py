"""Ways to send the same pushes to the same sink, each a process of its own, to be measured against one another."""
