"""HTTP/2 of our own for many small POSTs to one origin; what it cannot take, libcurl does (decision 0015)."""
