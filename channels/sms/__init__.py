"""SMS over providers' gateways, whatever protocol each speaks, and what providers report afterwards."""
