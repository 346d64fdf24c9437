#!/usr/bin/env bash
# pywebpush: a text that is too long for one record becomes two, which Web Push does not know.
#
# Packages: PyPI: pywebpush==2.5.0, py-vapid==1.9.6, http-ece==1.2.1
# Guess:    Web Push encryption is a single record (RFC 8291 section 4) and services take 4,096 bytes (RFC 8030
#           section 7.2): the encoder refuses more.
# Seen:     From 3,994 bytes the body is over 4,096 bytes, from 4,080 it has a second record. Both come out of
#           encode() without a word, and decrypt with http_ece, so that a test of our own with the same library is
#           content.
# So:       Bound the text before encoding: 3,993 bytes.
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
import os

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


key, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
pusher = WebPusher({"endpoint": "https://push.example/1", "keys": {"p256dh": text(point), "auth": text(secret)}})
for size in (3993, 3994, 4079, 4080):
    body = bytes(pusher.encode(b"x" * size)["body"])
    record, header = int.from_bytes(body[16:20], "big"), 21 + body[20]
    records = -(-(len(body) - header) // record)
    back = http_ece.decrypt(body, private_key=key, auth_secret=secret, version="aes128gcm")
    print(f"text {size}: body {len(body)}, records {records}, decrypted {len(back)}")
PY
)
expected='text 3993: body 4096, records 1, decrypted 3993
text 3994: body 4097, records 1, decrypted 3994
text 4079: body 4182, records 1, decrypted 4079
text 4080: body 4200, records 2, decrypted 4080'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
