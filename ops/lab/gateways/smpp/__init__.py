"""The stand-in SMS centre: SMPP 3.4 over TCP or TLS, written down as the other stand-ins do.

    alphabet     octets to text, by a table of its own
    parts        the parts of long texts, put together
    submission   what a strict centre takes of a submit_sm
    message_ids  the forms of ids
    receipts     what is said of messages, and how it is written
    outbox       sends that, and keeps account
    effects      what a client gets then
    terms        rate, binds, queue: what the account is granted
    faults       what happens instead of a plain answer
    session      one connection
    centre       all of it together
    control      what a test sets and asks, over HTTP
    process      the ports, the end

Its codec is the service's own, `channels.sms.smpp.pdu`: Kannel and npm's `smpp` bind to this centre in our tests, so
that the two sides cannot agree on an error of their own.
"""
