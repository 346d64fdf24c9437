#!/usr/bin/env bash
# libcurl: CURLOPT_PIPEWAIT makes requests wait for a slow answer where the server turns out to speak HTTP/1.1 only.
#
# Packages: PyPI: pycurl==7.49.0, trustme==1.2.1
# Guess:    PIPEWAIT waits until the first connection shows whether it can be shared. If it cannot, the others
#           open their own at once.
# Seen:     They wait until the first request is answered: behind one that takes 2 s, two that take no time end
#           after 2 s; without PIPEWAIT they are done at once.
# So:       Set PIPEWAIT only for an origin that is known to speak HTTP/2, or hold requests back yourself until
#           the connection stands.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pycurl==7.49.0 trustme==1.2.1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import socket
import ssl
import threading
import time

import pycurl
import trustme

authority = trustme.CA()
authority.cert_pem.write_to_path("ca.pem")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("127.0.0.1").configure_cert(context)
context.set_alpn_protocols(["http/1.1"])
listener = socket.create_server(("127.0.0.1", 0))


def serve(connection):
    with context.wrap_socket(connection, server_side=True) as stream:
        data = b""
        while more := stream.recv(65536):
            data += more
            if b"\r\n\r\n" in data:
                time.sleep(2 if b"/slow" in data else 0)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                data = b""


def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


def ended_after(pipewait):
    multi, waiting, ended, start = pycurl.CurlMulti(), {}, {}, time.monotonic()
    for path in ("slow", "quick", "quick2"):
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, f"https://127.0.0.1:{listener.getsockname()[1]}/{path}")
        curl.setopt(pycurl.CAINFO, "ca.pem")
        curl.setopt(pycurl.TIMEOUT, 20)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(pycurl.PIPEWAIT, pipewait)
        waiting[curl] = path
        multi.add_handle(curl)
    while len(ended) < len(waiting):
        multi.perform()
        for curl in multi.info_read()[1]:
            ended[waiting[curl]] = time.monotonic() - start
        multi.select(0.05)
    return ended


threading.Thread(target=accept, daemon=True).start()
print("libcurl", pycurl.version_info()[1])
for pipewait in (0, 1):
    ended = ended_after(pipewait)
    behind = [path for path in ("quick", "quick2") if ended[path] >= 2]
    print(f"PIPEWAIT {pipewait}: waited behind the slow one:", ", ".join(behind) or "none")
PY
)
expected='libcurl 8.23.0
PIPEWAIT 0: waited behind the slow one: none
PIPEWAIT 1: waited behind the slow one: quick, quick2'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
