#!/usr/bin/env bash
# de-nina: a German date in a text comes back as another day.
#
# Packages: PyPI: de-nina==1.1.0, python-dateutil==4.0.0, urllib3==2.8.0
# Guess:    A field that the client has no type for stays the text that the server sent.
# Seen:     A text that reads as a date becomes a datetime.date, month first if it can be: "08.12.2026" is 12
#           August, "31.12.2026" is 31 December, "im Dezember" stays a text. Typed fields are left alone.
# So:       A server for NINA clients writes no bare dates into free fields (note, contact, instruction).
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(de-nina==1.1.0 python-dateutil==4.0.0 urllib3==2.8.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import http.server
import json
import threading

from deutschland.nina import ApiClient, Configuration
from deutschland.nina.api.warnings_api import WarningsApi

WARNING = {
    "identifier": "warn.kreis-1", "sender": "warnung@kreis.example", "sent": "2026-11-28T03:00:00+01:00",
    "status": "Exercise", "msgType": "Alert", "scope": "Public", "code": ["DVN:1"], "info": [],
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(WARNING).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with ApiClient(Configuration(host=f"http://127.0.0.1:{server.server_port}")) as client:
    for note in ("08.12.2026", "31.12.2026", "im Dezember"):
        WARNING["note"] = note
        print(f"note {note}: {WarningsApi(client).get_warning('warn.kreis-1')['note']!r}".replace(chr(39), ""))
PY
)
expected='note 08.12.2026: datetime.date(2026, 8, 12)
note 31.12.2026: datetime.date(2026, 12, 31)
note im Dezember: im Dezember'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
