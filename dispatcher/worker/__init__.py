"""Run the worker process: arq hands over wake-ups, the planner and the deliverer do the work."""
