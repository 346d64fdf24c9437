"""HTTP/1.1 and HTTP/2 by libcurl: the transport that takes every request."""
