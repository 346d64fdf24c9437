#!/usr/bin/env bash
# kalyke-apns: the class for the sound of critical alerts makes a message that cannot be sent.
#
# Packages: PyPI: kalyke-apns==1.5.0
# Guess:    Payload(sound=CriticalSound(...)) is what the types ask for, so send_message() writes it as Apple
#           wants it.
# Seen:     Payload.dict() leaves the object as it is, and JSON refuses it: TypeError before anything is sent.
#           With sound="default" all is well, so the fault shows at the first critical alert.
# So:       Write aps.sound as a dict by hand, and look at a critical alert on the wire in a test.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(kalyke-apns==1.5.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import json

from kalyke import CriticalSound, Payload

for name, sound in (("default", "default"), ("CriticalSound", CriticalSound(critical=True, volume=1.0))):
    try:
        print(f"{name}: {json.dumps(Payload(alert='Hochwasser', sound=sound).dict())}")
    except TypeError as error:
        print(f"{name}: TypeError: {error}")
PY
)
expected='default: {"aps": {"alert": "Hochwasser", "sound": "default"}}
CriticalSound: TypeError: Object of type CriticalSound is not JSON serializable'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
