"""SMS over providers' HTTP interfaces, and what providers report afterwards."""
