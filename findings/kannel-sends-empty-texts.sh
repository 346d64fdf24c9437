#!/usr/bin/env bash
# Kannel: a misspelt parameter sends an empty SMS; a form is refused even with everything in the query.
#
# Packages: Debian: kannel=1.4.5-12
# Guess:    Without "text" sendsms answers 400; and what it takes as GET it takes as a POST of a form.
# Seen:     Unknown parameters are ignored and the text may be missing: an empty SMS goes out, "202 0: Accepted
#           for delivery". A POST of a form is 400 "Invalid content-type", whatever the query holds.
# So:       A gateway profile is tried against the real gateway by what arrives, not by its answer.
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
    print("message=...:", ask(message="Hochwasser"))
    print(f"sent: [{sent(centre)}]")
    print("text=..., POST of a form:", ask(b"text=Hochwasser", text="Hochwasser"))
    print("text=...:", ask(text="Hochwasser"))
    print(f"sent: [{sent(centre)}]")
finally:
    for box in reversed(boxes):
        box.terminate()
        box.wait(30)
PY
)
expected='message=...: 202 0: Accepted for delivery
sent: []
text=..., POST of a form: 400 Invalid content-type
text=...: 202 0: Accepted for delivery
sent: [Hochwasser]'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
