#!/usr/bin/env bash
# Kannel: a text that it could not hand on to a get-url is given up, and its sender gets an SMS about it.
#
# Packages: Debian: kannel=1.4.5-12
# Guess:    a service that answers nothing (200 without a body, 204) causes no SMS; after a 503 the text is handed on
#           again.
# Seen:     200 without a body: an SMS "<Empty reply from service provider>"; 204 and 503: an SMS "Could not fetch
#           content, sorry.", and the text is asked of nobody again. With omit-empty and max-messages = 0 nothing is
#           sent; with http-request-retry it is handed on again until there is a 200.
# So:       A service that takes texts answers 200 with an empty text/plain, never 204, and its operator sets
#           omit-empty = true, max-messages = 0 and, in the group smsbox, http-request-retry.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(kannel=1.4.5-12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for package in "${packages[@]}"; do
    installed=$(dpkg-query -W -f '${Version}' "${package%=*}" 2>/dev/null || true)
    if [[ $installed != "${package#*=}" ]]; then
        echo "needs the Debian package $package (found: ${installed:-none})" >&2
        exit 2
    fi
done

cd "$work"
seen=$(python3 - <<'PY'
import http.server
import socket
import subprocess
import threading
import time

CONFIGURATION = """
group = core
admin-port = {}
admin-password = geheim
admin-interface = 127.0.0.1
smsbox-port = {}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
host = 127.0.0.1
port = {}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {}
sendsms-interface = 127.0.0.1
global-sender = 12345
{}

group = sms-service
keyword = default
catch-all = true
get-url = "http://127.0.0.1:{}/?from=%q&text=%a"
{}
"""


def free(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    return [one.getsockname()[1] for one in sockets]


def connected(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.05)
    raise SystemExit("Kannel did not start")


def sent_back(answers, smsbox="", service=""):
    """What a service asks that answers with these statuses in turn: how often it was asked, and what came back."""
    asked = []

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(answers[min(len(asked), len(answers)) - 1])
            self.send_header("Content-Type", "text/plain")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    admin, boxes, line, sendsms = free(4)
    with open("kannel.conf", "w") as file:
        file.write(CONFIGURATION.format(admin, boxes, line, sendsms, smsbox, server.server_address[1], service))
    running = []
    try:
        for program, port in (("bearerbox", line), ("smsbox", sendsms)):
            running.append(
                subprocess.Popen(
                    [program, "-v", "4", "kannel.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            centre = connected(port)
            if program == "bearerbox":
                kept = centre
        kept.settimeout(5)
        kept.sendall(b"+4915112345678 12345 text Stop\n")
        try:
            found = kept.recv(4096).decode().strip()
        except TimeoutError:
            found = "nothing"
        print(f"{'/'.join(map(str, answers))} {smsbox} {service}".strip(), f"| asked {len(asked)} | sent: {found}")
    finally:
        for one in reversed(running):
            one.kill()
            one.wait()
        server.shutdown()


sent_back([200])
sent_back([200], service="omit-empty = true")
sent_back([204], service="omit-empty = true")
sent_back([503], service="omit-empty = true")
sent_back([503, 200], "http-request-retry = 5\nhttp-queue-delay = 1", "omit-empty = true\nmax-messages = 0")
PY
)
expected='200 | asked 1 | sent: 12345 +4915112345678 text <Empty reply from service provider>
200  omit-empty = true | asked 1 | sent: nothing
204  omit-empty = true | asked 1 | sent: 12345 +4915112345678 text Could not fetch content, sorry.
503  omit-empty = true | asked 1 | sent: 12345 +4915112345678 text Could not fetch content, sorry.
503/200 http-request-retry = 5
http-queue-delay = 1 omit-empty = true
max-messages = 0 | asked 2 | sent: nothing'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
