"""Workers, and an API, that break the promises on purpose. If the lab calls them well, the lab is worth nothing.

forgetful   python -m ops.lab.faults.saboteur.forgetful worker: nobody sweeps the record
fickle      python -m ops.lab.faults.saboteur.fickle api: believes the last delivery report, not the first
hasty       python -m ops.lab.faults.saboteur.hasty worker: says accepted, then sends
"""
