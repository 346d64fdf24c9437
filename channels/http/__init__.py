"""The one way to send: an HTTP client that contacts only what its policy allows, over two transports.

`client` checks the address, lets a burst to a new origin wait for its first connection, and chooses the transport:
`curl` (libcurl) for everything, `http2` (our own) for mass sends. Nothing in here knows what is sent, or why.
"""
