#!/usr/bin/env bash
# pynina: a warning with instruction codes and no instruction text takes all warnings of the update with it.
#
# Packages: PyPI: pynina==1.0.4, aiohttp==3.14.5
# Guess:    The client of the NINA app knows MoWaS messages, whose advice may come as codes only: it looks the
#           codes up in its labels.
# Seen:     The list of codes is put into a list once more; the look-up raises TypeError (unhashable list), and
#           update() ends with it: the region, and all regions after it, have no warnings.
# So:       A server that such clients read writes the text beside the codes, always.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pynina==1.0.4 aiohttp==3.14.5)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check --ignore-requires-python "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import asyncio
import http.server
import json
import threading

import aiohttp
import pynina.nina_api
from pynina import Nina

HEADLINE = {"headline": "Hochwasser", "severity": "Severe", "msgType": "Alert"}
PAYLOAD = {"id": "warn.kreis-1", "data": HEADLINE}
ENTRY = {"id": "warn.kreis-1", "sent": "2026-11-28T03:00:00+01:00", "payload": PAYLOAD}
INFO = {
    "language": "de", "headline": "Hochwasser", "description": "Der Pegel steigt.", "senderName": "Leitstelle",
    "area": [{"areaDesc": "Musterdorf"}], "parameter": [{"valueName": "instructionCode", "value": "BBK-ISC-001"}],
}
ANSWERS = {"/labels": {"BBK-ISC-001": "Meiden Sie das Ufer."}, "/dashboard": [ENTRY], "/warnings": {"info": [INFO]}}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(ANSWERS["/" + self.path.split("/")[1]]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def update():
    async with aiohttp.ClientSession() as session:
        nina = Nina(session)
        nina.add_region("053580000000")
        try:
            await nina.update()
            warnings = nina.warnings["053580000000"]
            return f"{len(warnings)} warning, advice: {warnings[0].recommended_actions[0]}"
        except TypeError as error:
            return f"TypeError ({str(error)[:15]}), regions with an answer: {len(nina.warnings)}"


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
pynina.nina_api.ENDPOINT_DE_LABELS = here + "/labels"
pynina.nina_api.ENDPOINT_NINA_BASE = here + "/dashboard/"
pynina.nina_api.ENDPOINT_WARNING_DETAIL = here + "/warnings/"
print("codes only:", asyncio.run(update()))
INFO["instruction"] = "Meiden Sie das Ufer."
print("codes and text:", asyncio.run(update()))
PY
)
expected='codes only: TypeError (unhashable type), regions with an answer: 0
codes and text: 1 warning, advice: Meiden Sie das Ufer.'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
