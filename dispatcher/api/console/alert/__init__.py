"""Answer the pages of one alert, below `/alerts/{alert_id}`."""
