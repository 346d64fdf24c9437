"""Prints what the known bodies cost: `python -m ops.lab.worst_case`."""

from ops.lab.worst_case.bodies import BODIES
from ops.lab.worst_case.cost import cost

if __name__ == "__main__":
    for name, body in BODIES.items():
        data = body.of()
        found = cost(data)
        print(f"{found.seconds:6.2f} s {found.growth / 1e6:6.0f} MB {len(data):9} bytes  {name}")
