"""`make try`: a small district with phones that show what arrives, for somebody who sends a warning by hand.

    python -m ops.lab.town [--out DIR] [--port N] [--subscriptions N]

    persons     who signs in at the console
    phones      what the phones show
    own_phones  phones of whoever tries it, with an app of their own

Service, settings and commands are the product's own. Only its gateways are stand-ins, on loopback; the settings that
let it contact them there are printed.
"""
