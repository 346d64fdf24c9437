"""Who is concerned: watched areas, the index of locations, estimates of an audience."""
