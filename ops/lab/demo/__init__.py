"""`make demo`: a flood warning for Kreis Düren, from the control centre to the last recipient, with failures.

    python -m ops.lab.demo [--seed N] [--subscriptions N] [--out DIR] [--keep] [--recount]

    faults     what the gateways do wrong
    progress   the progress of the message that is being sent, by the gateways' ledgers
    view       shows that on the screen
    heartbeat  says what is being waited for
    apps       four apps, one of them a neighbour's that joins, and what they show
    enrolment  people who subscribe themselves, in several apps and with several endpoints
    neighbour  a neighbour's dispatcher, whose feed is taken in
    once       whether each of them was told once, by the gateways' ledgers
    authority  a warning that needs a second person, a false alarm that is corrected, and an exercise
    counting   who was told of one message, by the gateways' ledgers
    scenario   the three messages, one after the other, and a worker that is killed
    evidence   the ledgers on disk, and the verdict on them

What it says it takes from the gateways' ledgers and its own knowledge of people and places. The service is
only asked what it claims, to hold it against them.
"""
