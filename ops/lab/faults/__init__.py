"""The fault lab: what breaks in the night, at random seeded instants, and the count of what became of a warning.

    python -m ops.lab.faults list | table
    python -m ops.lab.faults NAME|CODE|all ... [--runs N] [--seed S] [--subscriptions N] [--out DIR] [--json]

    cap_messages the messages of a run: one chain or many, large or small
    trial        one run: submit, wait for the instant, do the damage, wait until settled, read the service's ledger
    lease_watch  which batches are leased, by the record, to time their resumption
    judgement    the three ledgers of a run joined, by `ops.lab.world.verdict`
    series       many runs in one district, and their sum
    workers, servers, failover, gateways, network, senders, machine, memory, centre, sick, reports, phones, unifiedpush
                 the faults, by what they strike
    controls     the negative controls, and in `mutants` the workers that they strike
    catalogue    their names
    process_overrides
                 a service whose processes start otherwise: with fewer descriptors, another clock, or sabotaged

Every instant and every choice follows from seed, fault and number of the run. What the machine does in between
does not: the same seed gives the same plan, not the same interleaving.
"""
