#!/usr/bin/env bash
# Kannel: %d in dlr-url is 34 for a text that expired, if its centre says so by optional parameters.
#
# Packages: Debian: kannel=1.4.5-12
# Guess:    %d is one of the values of dlr-mask, 1, 2, 4, 8 or 16, and 2 for each text that was not delivered.
# Seen:     A receipt with "stat:EXPIRED" alone calls 2. With the optional parameters receipted_message_id and
#           message_state (3) beside it the same receipt calls 34, which is in no mask. UNDELIV (5) calls 2 both ways.
# So:       Take 34 for a failure as well, or read %d bit by bit: 34 has the bit of 2.
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
import queue
import socket
import struct
import subprocess
import threading
import time
import urllib.parse
import urllib.request

SUBMIT, DELIVER, UNBIND, BIND, ENQUIRE, RESPONSE = 0x4, 0x5, 0x6, 0x9, 0x15, 0x80000000
calls = queue.Queue()


class Reported(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        calls.put(int(urllib.parse.parse_qs(self.path.partition("?")[2])["type"][0]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def pdu(command, sequence, body=b""):
    return struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body


def receipt(number, state, value):
    """A delivery receipt in words; where there is a value, receipted_message_id and message_state beside them."""
    words = f"id:{number} sub:001 dlvrd:000 submit date:2611281200 done date:2611281200 stat:{state} err:000 text:"
    text = words.encode()
    body = b"\0\1\1" + b"491713920000\0" + b"\0\0" + b"Kreis\0" + b"\4\0\0" + b"\0\0" + bytes((0, 0, 0, 0, len(text)))
    if value:
        text += struct.pack(">HH", 0x001E, 2) + f"{number}".encode() + b"\0" + struct.pack(">HHB", 0x0427, 1, value)
    return pdu(DELIVER, 1000 + number, body + text)


def centre(server, receipts):
    """An SMS centre that reports on each text with the next of these receipts."""
    line, _ = server.accept()
    taken = 0
    with line, line.makefile("rb") as stream:
        while head := stream.read(16):
            length, command, _, sequence = struct.unpack(">IIII", head)
            stream.read(length - 16)
            if command in (BIND, ENQUIRE, UNBIND):
                line.sendall(pdu(command | RESPONSE, sequence, b"centre\0" if command == BIND else b""))
            if command == SUBMIT:
                taken += 1
                line.sendall(pdu(command | RESPONSE, sequence, f"{taken}".encode() + b"\0"))
                time.sleep(0.5)  # a receipt before the answer is lost
                line.sendall(receipt(taken, *receipts[taken - 1]))


def connected(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Kannel did not start")


free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
admin, boxes, sendsms = (one.getsockname()[1] for one in free)
for one in free:
    one.close()
server = socket.create_server(("127.0.0.1", 0))
told = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reported)
receipts = [("EXPIRED", 0), ("EXPIRED", 3), ("UNDELIV", 0), ("UNDELIV", 5)]
threading.Thread(target=told.serve_forever, daemon=True).start()
threading.Thread(target=centre, args=(server, receipts), daemon=True).start()
open("kannel.conf", "w").write(f"""
group = core
admin-port = {admin}
admin-password = geheim
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {server.getsockname()[1]}
smsc-username = kreis
smsc-password = geheim
system-type = ""
transceiver-mode = true

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = kreis
password = geheim

group = sms-service
keyword = default
text = "-"
""")


def started(program):
    command = [program, "-v", "4", "kannel.conf"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


boxed = [started("bearerbox")]
try:
    connected(boxes)
    boxed.append(started("smsbox"))
    connected(sendsms)
    for state, value in receipts:
        asked = {
            "username": "kreis", "password": "geheim", "from": "Kreis", "to": "+491713920000", "text": "x",
            "dlr-mask": "31", "dlr-url": f"http://127.0.0.1:{told.server_port}/?type=%d",
        }
        urllib.request.urlopen(f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms?" + urllib.parse.urlencode(asked)).read()
        found = sorted(calls.get(timeout=30) for _ in range(2))
        how = f"message_state {value}" if value else "words alone"
        print(f"{state}, {how}: {[one for one in found if one != 8]}")
finally:
    for box in reversed(boxed):
        box.terminate()
        box.wait(30)
PY
)
expected='EXPIRED, words alone: [2]
EXPIRED, message_state 3: [34]
UNDELIV, words alone: [2]
UNDELIV, message_state 5: [2]'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
