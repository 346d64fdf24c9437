"""Define the service's values, which every layer shares and none owns. No I/O."""
