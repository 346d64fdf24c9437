#!/usr/bin/env bash
# aioapns: an answer that takes more than ten seconds means another copy of the notification, told as one success.
#
# Packages: PyPI: aioapns==4.0, h2==4.4.1, trustme==1.2.1, cryptography==50.0.2
# Guess:    A request waits for its answer as long as the connection stands; the ten idle seconds after which a
#           connection is closed are idle ones.
# Seen:     A connection with a request on its way counts as idle. After 10 s it is closed and the notification is
#           sent again on a new one, up to five times by default. The caller sees one result; the service has
#           taken each copy.
# So:       Give every notification a collapse id, and one deadline of your own below ten seconds.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(aioapns==4.0 h2==4.4.1 trustme==1.2.1 cryptography==50.0.2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import asyncio
import logging
import ssl

import h2.config
import h2.connection
import h2.events
import trustme
from aioapns import APNs, NotificationRequest
from aioapns.connection import APNsProductionClientProtocol
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

logging.disable(logging.CRITICAL)
taken = []


class Service(asyncio.Protocol):
    """Takes every notification, and is slow with the answer to the first two."""

    def connection_made(self, transport):
        self.transport = transport
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.h2.initiate_connection()
        transport.write(self.h2.data_to_send())

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.name = dict(event.headers)[b"apns-id"]
            elif isinstance(event, h2.events.StreamEnded):
                taken.append(self.name)
                asyncio.get_running_loop().call_later(12 if len(taken) < 3 else 0, self.answer, event.stream_id)
        self.transport.write(self.h2.data_to_send())

    def answer(self, stream):
        if not self.transport.is_closing():
            self.h2.send_headers(stream, [(b":status", b"200"), (b"apns-id", self.name)], end_stream=True)
            self.transport.write(self.h2.data_to_send())


async def main():
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0, ssl=context)
    APNsProductionClientProtocol.APNS_SERVER = "127.0.0.1"
    APNsProductionClientProtocol.APNS_PORT = server.sockets[0].getsockname()[1]
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    apns = APNs(key=pem, key_id="ABC1234567", team_id="DEF1234567", topic="example.warnung", ssl_context=trust)
    request = NotificationRequest(device_token="00" * 32, message={"aps": {"alert": "x"}})
    result = await apns.send_notification(request)
    print(f"sent once, status {result.status}; taken by the service: {len(taken)}, under names: {len(set(taken))}")
    apns.pool.close()
    server.close()


asyncio.run(main())
PY
)
expected='sent once, status 200; taken by the service: 3, under names: 1'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
