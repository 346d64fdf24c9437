"""Arrange what the console shows of one alert. Pure: what a page shows it is given."""
