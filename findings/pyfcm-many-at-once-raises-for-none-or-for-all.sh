#!/usr/bin/env bash
# pyfcm: sending to many raises no error for a phone that is refused, and for all where one answer is no JSON.
#
# Packages: PyPI: pyfcm==2.1.1, aiohttp==3.14.5, google-auth==2.63.0
# Guess:    async_notify_multiple_devices() judges each answer as notify() does, which raises FCMNotRegisteredError
#           and the like: what comes back without an error was accepted.
# Seen:     No status is looked at. A refusal comes back as a dict in the place of the message's name. One answer in
#           HTML raises JSONDecodeError, and the names of all messages that were accepted with it are lost.
# So:       Look for "name" in each result, and send such portions as you can afford to be in doubt of.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pyfcm==2.1.1 aiohttp==3.14.5 google-auth==2.63.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(timeout 60 venv/bin/python - <<'PY'
import http.server
import json
import threading

from google.oauth2.credentials import Credentials
from pyfcm import FCMNotification
from pyfcm.baseapi import BaseAPI

FCM_ERROR = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}
REFUSAL = {"error": {"code": 404, "status": "NOT_FOUND", "details": [FCM_ERROR]}}
ANSWERS = {
    "well": (200, json.dumps({"name": "projects/kreis/messages/1"})),
    "gone": (404, json.dumps(REFUSAL)),
    "html": (502, "<html>Bad Gateway</html>"),
}
taken = []


class Signed(Credentials):
    def refresh(self, request):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        phone = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"]["token"]
        status, body = ANSWERS[phone]
        taken.append(phone)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def told(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def send(*phones):
    taken.clear()
    many = [{"fcm_token": phone, "notification_title": "x"} for phone in phones]
    results = told(lambda: fcm.async_notify_multiple_devices(many))
    if isinstance(results, list):
        results = [", ".join(one) for one in results]
    print(f"{' and '.join(phones)}: {results}; well taken {taken.count('well')}")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
BaseAPI.FCM_END_POINT_BASE = f"http://127.0.0.1:{server.server_port}/v1/projects"
fcm = FCMNotification(credentials=Signed("token"), project_id="kreis")
print(f"notify, gone: {told(lambda: fcm.notify(fcm_token='gone', notification_title='x'))}")
send("well", "gone")
send("well", "well", "html")
PY
)
expected="notify, gone: FCMNotRegisteredError
well and gone: ['name', 'error']; well taken 1
well and well and html: JSONDecodeError; well taken 2"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
