"""Find whom an alert concerns: watched areas, the index of locations, estimates of an audience."""
