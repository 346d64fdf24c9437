"""The stand-ins themselves, one module for each kind of gateway."""
