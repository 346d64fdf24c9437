"""A push service, or FCM, that accepts everything, fast enough to measure senders against.

It speaks HTTP/1.1 and HTTP/2 over TLS, checks nothing, counts every request, and keeps a sample of the bodies so
that a benchmark can prove afterwards that user agents could have read them. The stand-ins in `ops.lab.gateways`
check; this one only keeps up.
"""
