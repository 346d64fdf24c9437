#!/usr/bin/env bash
# cap-tools: an Update that names its predecessor in another time zone raises KeyError, though the references are equal.
#
# Packages: PyPI: cap-tools==3.1.1, xsdata==24.12
# Guess:    A reference is a value; where two of them are equal (==), a dict finds one by the other. AlertState
#           removes what an Update names.
# Seen:     The times of xsdata compare as instants and hash as written: equal references with different hashes.
#           AlertState raises KeyError and keeps both alerts. NINA does write +01:00 in <sent> and -00:00 in
#           <references> for one instant.
# So:       Bring sent to one zone before it becomes part of a key.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(cap-tools==3.1.1 xsdata==24.12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from cap_tools import AlertState
from cap_tools.models import Alert, Reference
from xsdata.formats.dataclass.parsers import XmlParser

ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>musterkreis-1</identifier>
  <sender>leitstelle@musterkreis.example</sender>
  <sent>2026-11-28T03:00:00+01:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
</alert>"""
NAMED = "leitstelle@musterkreis.example,musterkreis-1,2026-11-28T02:00:00-00:00"
UPDATE = (
    ALERT.replace("musterkreis-1", "musterkreis-2")
    .replace(">Alert<", ">Update<")
    .replace("</scope>", f"</scope><references>{NAMED}</references>")
)
alert, update = (XmlParser().from_string(text, Alert) for text in (ALERT, UPDATE))
named, known = update.references_to_list()[0], Reference.from_alert(alert)
print("equal:", named == known, "- equal hashes:", hash(named) == hash(known))
state = AlertState()
state.ingest(alert)
try:
    state.ingest(update)
except KeyError as error:
    print("ingest of the Update raises", type(error).__name__)
print("in force afterwards:", *(alert.identifier for alert in state))
PY
)
expected='equal: True - equal hashes: False
ingest of the Update raises KeyError
in force afterwards: musterkreis-1 musterkreis-2'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
