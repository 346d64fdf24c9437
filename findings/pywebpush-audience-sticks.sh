#!/usr/bin/env bash
# pywebpush: the second push service gets a VAPID token for the first one.
#
# Packages: PyPI: pywebpush==2.5.0, py-vapid==1.9.6, http-ece==1.2.1
# Guess:    vapid_claims={"sub": "mailto:..."} is what I claim; pywebpush works "aud" out for each endpoint.
# Seen:     It writes aud and exp into the dict of the caller and fills aud only where there is none. A dict kept
#           as a constant carries the first origin to all others, which refuse it (401 or 403), as if the key were
#           wrong.
# So:       A new dict for every call.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pywebpush==2.5.0 py-vapid==1.9.6 http-ece==1.2.1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import base64
import json
import os
import types

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import webpush


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscription(endpoint):
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint
    )
    return {"endpoint": endpoint, "keys": {"p256dh": text(point), "auth": text(os.urandom(16))}}


class Session:
    """Takes the place of requests.Session and keeps what would be sent."""

    def post(self, url, headers, **_):
        token = headers["authorization"].split("t=")[1].split(",")[0]
        body = token.split(".")[1]
        print(url, "got a token for", json.loads(base64.urlsafe_b64decode(body + "=="))["aud"])
        return types.SimpleNamespace(status_code=201, text="", reason="", headers={})


key = Vapid()
key.generate_keys()
claims = {"sub": "mailto:betrieb@warnung.example"}
for endpoint in ("https://push-a.example/1", "https://push-b.example/2"):
    webpush(subscription(endpoint), "x", vapid_private_key=key, vapid_claims=claims, requests_session=Session())
print("the dict of the caller now has:", *sorted(claims))
PY
)
expected='https://push-a.example/1 got a token for https://push-a.example
https://push-b.example/2 got a token for https://push-a.example
the dict of the caller now has: aud exp sub'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
