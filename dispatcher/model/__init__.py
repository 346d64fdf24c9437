"""The service's values: what every layer shares and none owns. No I/O."""
