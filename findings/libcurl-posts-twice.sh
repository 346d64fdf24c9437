#!/usr/bin/env bash
# libcurl: a POST on a reused connection is sent a second time when no answer comes, and nobody is told.
#
# Packages: PyPI: pycurl==7.49.0
# Guess:    POST is not idempotent, so libcurl reports a connection that broke before the answer
#           (CURLE_GOT_NOTHING) and leaves it to me.
# Seen:     Where the connection had carried a request before, libcurl opens another one and sends the POST again;
#           the caller sees one success. The server that took the first copy and died before its answer has two.
# So:       Only CURLOPT_PREREQFUNCTION, called before each sending, tells; a message needs a name by which its
#           double is known.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pycurl==7.49.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import socket
import threading

import pycurl

taken = []
listener = socket.create_server(("127.0.0.1", 0))


def read(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return body


def serve():
    while True:
        connection, _ = listener.accept()
        with connection:
            for turn in (1, 2):
                body = read(connection)
                if body is None:
                    break
                taken.append(body.decode())
                if turn == 1:  # the second request of a connection is taken, and never answered
                    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


threading.Thread(target=serve, daemon=True).start()
sendings = []
curl = pycurl.Curl()
curl.setopt(pycurl.URL, f"http://127.0.0.1:{listener.getsockname()[1]}/")
curl.setopt(pycurl.TIMEOUT, 10)
curl.setopt(pycurl.PREREQFUNCTION, lambda *addresses: sendings.append(addresses) or pycurl.PREREQFUNC_OK)
print("libcurl", pycurl.version_info()[1])
for text in ("first", "second"):
    curl.setopt(pycurl.POSTFIELDS, text)
    curl.perform()
    print(f"{text}: status {curl.getinfo(pycurl.RESPONSE_CODE)}")
print("the server took:", *taken)
print("sendings seen by the pre-request hook:", len(sendings))
PY
)
expected='libcurl 8.23.0
first: status 201
second: status 201
the server took: first second second
sendings seen by the pre-request hook: 3'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
