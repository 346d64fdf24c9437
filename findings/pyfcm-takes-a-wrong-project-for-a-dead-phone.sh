#!/usr/bin/env bash
# pyfcm: every 404 is "token not registered", also that for a project that does not exist.
#
# Packages: PyPI: pyfcm==2.1.1, requests==2.34.2, google-auth==2.63.0
# Guess:    FCMNotRegisteredError means that FCM said UNREGISTERED (error.details of type FcmError), so the token
#           may be deleted.
# Seen:     The status alone decides. A mistyped project id, for which FCM answers 404 NOT_FOUND without FcmError,
#           raises FCMNotRegisteredError for each token: whoever deletes on it deletes all subscribers.
# So:       Delete by error.details only, and stop when many tokens look dead at once.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pyfcm==2.1.1 requests==2.34.2 google-auth==2.63.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import http.server
import json
import threading

from google.oauth2.credentials import Credentials
from pyfcm import FCMNotification
from pyfcm.baseapi import BaseAPI

FCM_ERROR = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}
NOT_FOUND = {"code": 404, "status": "NOT_FOUND", "message": "not found"}
ANSWERS = {"kreis": NOT_FOUND | {"details": [FCM_ERROR]}, "kries": NOT_FOUND}


class Signed(Credentials):
    def refresh(self, request):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": ANSWERS[self.path.split("/")[3]]}).encode()
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
BaseAPI.FCM_END_POINT_BASE = f"http://127.0.0.1:{server.server_port}/v1/projects"
for project, meaning in (("kreis", "404 with UNREGISTERED"), ("kries", "404 for a project that does not exist")):
    try:
        FCMNotification(credentials=Signed("token"), project_id=project).notify(fcm_token="t", notification_title="x")
    except Exception as error:
        print(f"{meaning}: {type(error).__name__}: {error}")
PY
)
expected='404 with UNREGISTERED: FCMNotRegisteredError: Token not registered
404 for a project that does not exist: FCMNotRegisteredError: Token not registered'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
