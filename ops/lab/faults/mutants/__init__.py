"""Workers, and an API, that break the promises on purpose. A lab that finds nothing wrong with them is worth nothing.

careless    python -m ops.lab.faults.mutants.careless worker: takes what was not answered for what failed
forgetful   python -m ops.lab.faults.mutants.forgetful worker: the record is never swept
fickle      python -m ops.lab.faults.mutants.fickle api: believes the last delivery report, whatever came before
greedy      python -m ops.lab.faults.mutants.greedy worker: learns nothing from a gateway's refusals
hasty       python -m ops.lab.faults.mutants.hasty worker: says accepted, then sends
touchy      python -m ops.lab.faults.mutants.touchy worker: leaves a gateway alone for one endpoint's failure
"""
