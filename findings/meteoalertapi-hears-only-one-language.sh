#!/usr/bin/env bash
# meteoalertapi: a warning in two languages, neither of them the one asked for, is reported as no warning.
#
# Packages: PyPI: meteoalertapi==0.3.1, requests==2.34.2, xmltodict==1.0.4
# Guess:    language="en-GB" is a preference: where a country warns in its own languages only, get_alert() returns
#           one of them.
# Seen:     With two languages, none of them English, get_alert() returns {}, which is also its answer for "no
#           warning". The same message with a single language is returned whatever that language is.
# So:       Choose a language last, and never let the choice decide whether there is a warning.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(meteoalertapi==0.3.1 requests==2.34.2 xmltodict==1.0.4)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import http.server
import threading

from meteoalertapi import Meteoalert

INFO = """  <info>
    <language>de</language>
    <category>Met</category>
    <event>Hochwasser</event>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <headline>Hochwasser (LANGUAGE)</headline>
    <area><areaDesc>Musterland</areaDesc></area>
  </info>
"""
ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>musterkreis-1</identifier>
  <sender>leitstelle@musterkreis.example</sender>
  <sent>2026-11-28T03:00:00+01:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
INFOS</alert>"""
FEED = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<entry><cap:areaDesc>Musterland</cap:areaDesc>
<link href="HERE/alert" type="application/cap+xml"/><link href="HERE/page" type="text/html"/></entry>
<entry><cap:areaDesc>Anderland</cap:areaDesc>
<link href="HERE/other" type="application/cap+xml"/><link href="HERE/page" type="text/html"/></entry></feed>"""
languages = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        infos = "".join(INFO.replace(">de<", f">{one}<").replace("LANGUAGE", one) for one in languages)
        body = (FEED.replace("HERE", here) if self.path == "/feed" else ALERT.replace("INFOS", infos)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
Meteoalert.endpoint = here + "/feed"
for languages in (["de-DE", "en-GB"], ["de-DE"], ["de-DE", "fr-FR"]):
    found = Meteoalert("musterstaat", "Musterland", language="en-GB").get_alert()
    print(f"written in {' and '.join(languages)}, asked for en-GB:", found.get("headline", found))
PY
)
expected='written in de-DE and en-GB, asked for en-GB: Hochwasser (en-GB)
written in de-DE, asked for en-GB: Hochwasser (de-DE)
written in de-DE and fr-FR, asked for en-GB: {}'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
