"""The wire of the stand-ins: requests in and answers out, over HTTP/1.1 and HTTP/2."""
