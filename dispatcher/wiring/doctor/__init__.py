"""Look at what the service stands on, for `dispatcher doctor`: thin shells around `dispatcher.doctor`."""
