"""SMS over SMPP 3.4: the protocol, its sessions, and what message centres report."""
