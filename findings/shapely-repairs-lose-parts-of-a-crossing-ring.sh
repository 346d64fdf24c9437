#!/usr/bin/env bash
# shapely: of a ring that crosses itself make_valid() drops what is enclosed twice, and buffer(0) a lobe of a bow-tie.
#
# Packages: PyPI: shapely==2.2.0, numpy==2.4.6
# Guess:    make_valid() keeps all that a hand-drawn, self-crossing outline encloses; buffer(0) is the older way
#           to the same.
# Seen:     The default method of make_valid() turns a doubly enclosed part into outside: the middle of a drawn
#           loop is not warned. buffer(0) keeps that part, and half of a bow-tie. Only method="structure" keeps
#           both.
# So:       make_valid(method="structure"), and a doubt recorded with the result.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(shapely==2.2.0 numpy==2.4.6)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import shapely

loop = shapely.Polygon([(0, 0), (6, 0), (6, 4), (2, 4), (2, -2), (4, -2), (4, 6), (0, 6)])
middle = shapely.Point(3, 2)  # the outline goes round it twice
bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
ways = {
    "make_valid()": shapely.make_valid,
    "buffer(0)": lambda shape: shapely.buffer(shape, 0),
    "make_valid(method=structure)": lambda shape: shapely.make_valid(shape, method="structure", keep_collapsed=False),
}
for name, way in ways.items():
    repaired = way(loop)
    holds = repaired.contains(middle)
    print(f"{name}: loop {repaired.area:g}, holds its middle: {holds}, bow-tie {way(bow_tie).area:g}")
PY
)
expected='make_valid(): loop 28, holds its middle: False, bow-tie 2
buffer(0): loop 36, holds its middle: True, bow-tie 1
make_valid(method=structure): loop 36, holds its middle: True, bow-tie 2'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
