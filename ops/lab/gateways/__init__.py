"""Stand-in gateways: separate processes that write down what they accept before they say so.

    http1     bytes <-> requests and answers, in order, on kept-alive connections
    faults    rules, and which of them meets a request: decided by seed, recipient and attempt
    state     what the population leaves for the gateways: user agents' keys, callback secrets
    webpush   what a push service and the user agent behind it check (with vapid)
    sms       what an SMS provider checks
    reports   what an SMS provider reports of messages it took, right and wrong
    app       what a municipality's callback checks
    journal   the ledger's writing side: one fsync for all lines that wait, answers only after it
    gateway   a request's way through the above
    process   listening, TLS, signals, the end
    launch    starting one from another program

`python -m ops.lab.gateways webpush|sms|app --help` names the options.
"""
