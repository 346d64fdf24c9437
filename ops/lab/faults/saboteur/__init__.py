"""Workers that break the promises on purpose. If the lab calls them well, the lab is worth nothing.

forgetful   python -m ops.lab.faults.saboteur.forgetful worker: nobody sweeps the record
hasty       python -m ops.lab.faults.saboteur.hasty worker: says accepted, then sends
"""
