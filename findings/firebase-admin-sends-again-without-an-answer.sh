#!/usr/bin/env bash
# firebase-admin for Python: a message whose answer is lost is sent a second time, told as one success.
#
# Packages: PyPI: firebase-admin==7.7.0, requests==2.34.2, google-auth==2.63.0
# Guess:    A POST is not repeated by itself: send() and send_each() raise, or count a failure, when the connection
#           ends after the message was read and before its answer came.
# Seen:     Both send it again at once and count one success; FCM, which knows no client reference, has taken two.
#           send_each_async(), the same call over httpx, sends once and counts a failure.
# So:       Give every message a collapse_key and have the app drop what it has shown already.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(firebase-admin==7.7.0 requests==2.34.2 google-auth==2.63.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(timeout 60 venv/bin/python -W ignore - <<'PY'
import asyncio
import http.server
import json
import threading
from datetime import datetime, timedelta

import firebase_admin
from firebase_admin import credentials, messaging
from google.oauth2.credentials import Credentials

taken = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Takes every message, and loses the answer to the first."""

    def do_POST(self):
        taken.append(self.rfile.read(int(self.headers["Content-Length"])))
        if len(taken) == 1:
            return
        body = json.dumps({"name": f"projects/kreis/messages/{len(taken)}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Signed(credentials.Base):
    def get_credential(self):
        return Credentials("token", expiry=datetime.utcnow() + timedelta(hours=1))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
messaging._MessagingService.FCM_URL = f"http://127.0.0.1:{server.server_port}/v1/projects/{{0}}/messages:send"
firebase_admin.initialize_app(Signed(), {"projectId": "kreis"})
message = messaging.Message(token="t", data={"notice": "x"})
ways = {
    "send": lambda: messaging.send(message).startswith("projects/") + 0,
    "send_each": lambda: messaging.send_each([message]).success_count,
    "send_each_async": lambda: asyncio.run(messaging.send_each_async([message])).success_count,
}
for name, way in ways.items():
    taken.clear()
    successes = way()
    print(f"{name}: successes {successes}, taken {len(taken)}, all the same {len(set(taken)) == 1}")
PY
)
expected='send: successes 1, taken 2, all the same True
send_each: successes 1, taken 2, all the same True
send_each_async: successes 0, taken 1, all the same True'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
