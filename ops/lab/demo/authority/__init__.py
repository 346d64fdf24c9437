"""Who may warn: a warning that needs a second person, a false alarm that is taken back, and an exercise.

    desk         two persons with roles, who sign in at the console, and the key for exercises
    alarms       the CAP messages of these chapters
    account      the service's own account of an alert, once it is settled
    texts        what people read of a message, by the gateways' ledgers
    approval     a warning that waits for a second person
    false_alarm  a false alarm, and its correction
    exercise     an exercise, by the command that a desk has for it

Each chapter leaves a record, and is judged by the gateways' ledgers, now or by `--recount`.
"""
