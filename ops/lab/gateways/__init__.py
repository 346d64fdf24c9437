"""Stand-in gateways: separate processes that write down what they accept before they say so.

    exchange  requests and answers, and what can be done instead of a plain answer
    http1     that over HTTP/1.1: in order, on kept-alive connections
    http2     that over HTTP/2, by the library h2: each on a stream of its own
    faults    rules, and which of them meets a request: decided by seed, recipient and attempt
    state     what the population leaves for the gateways: user agents' keys, callback secrets
    webpush   what a push service and the user agent behind it check (with vapid)
    sms       what an SMS provider checks
    reports   what an SMS provider reports of messages it took, right and wrong
    smsc      an SMS provider by SMPP, whose room is `smpp`
    app       what a municipality's callback checks
    apns      what APNs checks, with the keys of three apps
    fcm       what FCM and its token service check, with the key files of three projects
    journal   the ledger's writing side: one fsync for all lines that wait, answers only after it
    gateway   a request's way through the above
    process   listening, TLS and which protocol, signals, the end
    launch    starting one from another program
    spec      what the lab must know of a channel and its stand-in
    registry  all of these: the one place that a new channel's stand-in is added to

`python -m ops.lab.gateways NAME --help` names the options.
"""
