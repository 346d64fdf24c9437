#!/usr/bin/env bash
# feedparser: of an Atom entry with CAP elements only the last polygon and the last value of anything are left.
#
# Packages: PyPI: feedparser==6.0.14
# Guess:    Elements of other namespaces come out as cap_polygon, cap_geocode, cap_parameter; repeated ones as a
#           list, as entry.links is.
# Seen:     Each name holds the last one only. The value pairs inside geocode and parameter share two names,
#           valuename and value: the geocodes of the entry are overwritten by its parameter, and cap_geocode
#           itself is empty.
# So:       Take nothing of CAP from an entry that went through feedparser but the link to the message.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(feedparser==6.0.14)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import feedparser

FEED = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>urn:x-feed:1</id><title>Warnings</title><updated>2026-11-28T03:00:00+01:00</updated>
<entry><id>urn:x-feed:1:1</id><title>Flood</title><updated>2026-11-28T03:00:00+01:00</updated>
<link href="https://feed.example/1.cap" type="application/cap+xml"/>
<link href="https://feed.example/1.html" type="text/html"/>
<cap:polygon>50.8,6.4 50.8,6.6 50.9,6.6 50.8,6.4</cap:polygon>
<cap:polygon>51.8,7.4 51.8,7.6 51.9,7.6 51.8,7.4</cap:polygon>
<cap:geocode><valueName>EMMA_ID</valueName><value>DE001</value></cap:geocode>
<cap:geocode><valueName>EMMA_ID</valueName><value>DE002</value></cap:geocode>
<cap:parameter><valueName>awareness_level</valueName><value>3; orange; Severe</value></cap:parameter>
</entry></feed>"""
entry = feedparser.parse(FEED).entries[0]
print("links:", len(entry.links))
print("cap_polygon:", entry.cap_polygon)
print(f"cap_geocode: [{entry.cap_geocode}], cap_parameter: [{entry.cap_parameter}]")
print(f"valuename: {entry.valuename}, value: {entry.value}")
PY
)
expected='links: 2
cap_polygon: 51.8,7.4 51.8,7.6 51.9,7.6 51.8,7.4
cap_geocode: [], cap_parameter: []
valuename: awareness_level, value: 3; orange; Severe'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
