#!/usr/bin/env bash
# pynina: one warning that answers 404 takes the warnings of its region and of all later regions out of the table.
#
# Packages: PyPI: pynina==1.0.4, aiohttp==3.14.5
# Guess:    A warning that was taken from the server between the list and its detail is left out; if the update fails,
#           the warnings of the last one stay.
# Seen:     update() empties its table first, and ends at the first failure. The regions before it are new, its own
#           and all after it are no longer there: not even as empty lists.
# So:       A server that such clients read answers the detail of whatever it listed for as long as any list may be in
#           a cache or on its way, also after the end, and from every process that lists it.
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
from pynina import ApiError, Nina

REGIONS = ("053580000000", "053340000000", "053700000000")
DETAIL = {"info": [{"language": "de", "description": "Der Pegel steigt.", "instruction": "Meiden Sie das Ufer."}]}
taken_away = set()


def entry(region):
    data = {"headline": "Hochwasser", "severity": "Severe"}
    return {"id": region, "sent": "2026-11-28T03:00:00+01:00", "payload": {"id": region, "data": data}}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, name = self.path.split("/")[1], self.path.rpartition("/")[2].removesuffix(".json")
        answers = {"labels": {"A": "B"}, "dashboard": [entry(name)], "warnings": DETAIL}
        body = json.dumps(answers[kind]).encode()
        self.send_response(404 if kind == "warnings" and name in taken_away else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def main():
    async with aiohttp.ClientSession() as session:
        nina = Nina(session)
        for region in REGIONS:
            nina.add_region(region)
        await nina.update()
        print("all there:", {region: len(found) for region, found in nina.warnings.items()})
        taken_away.add(REGIONS[1])
        try:
            await nina.update()
        except ApiError as error:
            print(f"the second is gone: {error.status};", {region: len(found) for region, found in nina.warnings.items()})


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
pynina.nina_api.ENDPOINT_DE_LABELS = here + "/labels/de.json"
pynina.nina_api.ENDPOINT_NINA_BASE = here + "/dashboard/"
pynina.nina_api.ENDPOINT_WARNING_DETAIL = here + "/warnings/"
asyncio.run(main())
PY
)
expected="all there: {'053580000000': 1, '053340000000': 1, '053700000000': 1}
the second is gone: Invalid response: 404; {'053580000000': 1}"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
