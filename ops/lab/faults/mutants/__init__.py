"""Workers, and an API, that break the promises on purpose. If the lab calls them well, the lab is worth nothing.

forgetful   python -m ops.lab.faults.mutants.forgetful worker: nobody sweeps the record
fickle      python -m ops.lab.faults.mutants.fickle api: believes the last delivery report, not the first
hasty       python -m ops.lab.faults.mutants.hasty worker: says accepted, then sends
"""
