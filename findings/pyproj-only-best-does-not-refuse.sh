#!/usr/bin/env bash
# pyproj: only_best=True takes German official coordinates without the German grid, and says nothing.
#
# Packages: PyPI: pyproj==3.7.2
# Guess:    From the wheel, Gauss-Krueger (EPSG:31466) to UTM (EPSG:25832) needs the grid BETA2007; without it
#           only_best=True raises, as documented.
# Seen:     The wheel brings no grid. TransformerGroup says that the best operation is not available;
#           Transformer.from_crs(only_best=True) gives the same coordinates as without, those of an operation with
#           an accuracy of 3 m.
# So:       Ask TransformerGroup.best_available at import, and say in the provenance which operation it was.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pyproj==3.7.2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import pathlib
import warnings

import pyproj
from pyproj.transformer import TransformerGroup

pyproj.network.set_network_enabled(False)
folder = pathlib.Path(pyproj.datadir.get_data_dir())
print("grids in the wheel:", len([*folder.glob("*.tif"), *folder.glob("*.gsb")]))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    group = TransformerGroup(31466, 25832, always_xy=True)
print(f"best available: {group.best_available}, accuracy of what is: {group.transformers[0].accuracy:g} m")
points = []
for only_best in (False, True):
    transformer = pyproj.Transformer.from_crs(31466, 25832, always_xy=True, only_best=only_best)
    points.append(transformer.transform(2531000, 5630000, errcheck=True))
print("only_best=True gives the same coordinates:", points[0] == points[1])
PY
)
expected='grids in the wheel: 0
best available: False, accuracy of what is: 3 m
only_best=True gives the same coordinates: True'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
