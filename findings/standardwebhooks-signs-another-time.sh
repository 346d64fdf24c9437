#!/usr/bin/env bash
# standardwebhooks: sign() takes the wall-clock digits of a time and forgets its zone.
#
# Packages: PyPI: standardwebhooks==1.1.0
# Guess:    sign(id, timestamp, body) with a time-zone-aware datetime signs that instant; the zone it is written
#           in does not matter.
# Seen:     sign() replaces the offset by UTC. For a time written in +01:00 the signature is for an hour later,
#           and the signer refuses its own webhook-timestamp. In UTC all is well, so a test on a machine in UTC
#           does not show it.
# So:       Convert to UTC before signing.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(standardwebhooks==1.1.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import datetime as dt

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook("whsec_" + "QmVpc3BpZWwtR2VoZWltbmlzLTEyMw==")
now = dt.datetime.now(dt.timezone.utc)
for hours in (0, 1):
    instant = now.astimezone(dt.timezone(dt.timedelta(hours=hours)))
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": webhook.sign("msg_1", instant, "{}"),
    }
    try:
        webhook.verify("{}", headers)
        verdict = "verified"
    except WebhookVerificationError as error:
        verdict = f"refused: {error}"
    print(f"the same instant written in +{hours:02}:00: {verdict}")
PY
)
expected='the same instant written in +00:00: verified
the same instant written in +01:00: refused: No matching signature found'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
