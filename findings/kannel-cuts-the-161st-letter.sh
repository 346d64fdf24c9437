#!/usr/bin/env bash
# Kannel: of a text that is too long for one SMS it sends the first 160 characters and says that it accepted all.
#
# Packages: Debian: kannel=1.4.5-12
# Guess:    sendsms splits a long text into parts, or refuses it.
# Seen:     max-messages is 1 unless set: what goes beyond one SMS is thrown away, and the answer is "202 0:
#           Accepted for delivery".
# So:       The operator sets max-messages and concatenation = true; a client cannot see from the answer whether
#           that was done.
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
read -r admin boxes line http < <(python3 - <<'PY'
import socket

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(one.getsockname()[1] for one in sockets))
PY
)
cat > kannel.conf <<CONF
group = core
admin-port = $admin
admin-password = geheim
admin-interface = 127.0.0.1
smsbox-port = $boxes
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
host = 127.0.0.1
port = $line
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $http
sendsms-interface = 127.0.0.1

group = sendsms-user
username = kreis
password = geheim

group = sms-service
keyword = default
text = "-"
CONF
export LINE=$line HTTP=$http

seen=$(python3 - <<'PY'
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request


def connected(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", int(port)))
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Kannel did not start")


def started(program):
    return subprocess.Popen([program, "-v", "4", "kannel.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(body=None, **parameters):
    fixed = {"username": "kreis", "password": "geheim", "from": "Kreis", "to": "+491713920000"}
    address = f"http://127.0.0.1:{os.environ['HTTP']}/cgi-bin/sendsms?" + urllib.parse.urlencode(fixed | parameters)
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body), timeout=20) as answer:
            return f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


def sent(centre):
    """What the fake SMS centre gets: "from to text ..." in a line."""
    data = b""
    while not data.endswith(b"\n"):
        more = centre.recv(4096)
        if not more:
            raise SystemExit("bearerbox closed the connection")
        data += more
    return data.decode().rstrip("\n").split(" ", 3)[3]


boxes = [started("bearerbox")]
try:
    centre = connected(os.environ["LINE"])
    centre.settimeout(20)
    boxes.append(started("smsbox"))
    connected(os.environ["HTTP"]).close()
    print("asked with 161 characters:", ask(text="a" * 160 + "Z"))
    text = sent(centre)
    print(f"sent: {len(text)} characters, the last is {text[-1]}")
    print("asked with another text:", ask(text="next"))
    print("sent:", sent(centre))
finally:
    for box in reversed(boxes):
        box.terminate()
        box.wait(30)
PY
)
expected='asked with 161 characters: 202 0: Accepted for delivery
sent: 160 characters, the last is a
asked with another text: 202 0: Accepted for delivery
sent: next'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
