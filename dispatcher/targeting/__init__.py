"""From the area of an alert to the municipalities and places it concerns."""
