#!/usr/bin/env bash
# h2: after a GOAWAY it refuses the answers that the GOAWAY promises, on both sides.
#
# Packages: PyPI: h2==4.4.1, hpack==4.2.0, hyperframe==6.1.0
# Guess:    GOAWAY with last_stream_id 3 means: streams up to 3 are served to the end (RFC 9113 section 6.8); h2
#           keeps track of that.
# Seen:     The connection counts as closed. The client raises ProtocolError at the answer for stream 3, and the
#           server that said the GOAWAY cannot write that answer either. Clients built on h2 report an accepted
#           message as failed, or send it again.
# So:       With h2, wait for open streams before GOAWAY, and treat an error after a GOAWAY as "unknown", not as
#           "failed".
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(h2==4.4.1 hpack==4.2.0 hyperframe==6.1.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import h2.config
import h2.connection
import h2.exceptions
import hyperframe.frame

REQUEST = [(":method", "POST"), (":scheme", "https"), (":authority", "push.example"), (":path", "/1")]
client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
client.initiate_connection()
server.initiate_connection()
server.receive_data(client.data_to_send())
client.receive_data(server.data_to_send())
for stream in (1, 3):
    client.send_headers(stream, REQUEST, end_stream=True)
server.receive_data(client.data_to_send())
server.send_headers(1, [(":status", "201")], end_stream=True)
server.close_connection(last_stream_id=3)
for event in client.receive_data(server.data_to_send()):
    named = f" (last_stream_id {event.last_stream_id})" if hasattr(event, "last_stream_id") else ""
    print("client:", type(event).__name__ + named)
try:
    server.send_headers(3, [(":status", "201")], end_stream=True)
    print("server: answered stream 3")
except h2.exceptions.ProtocolError as error:
    print("server, answering stream 3:", error)
block = server.encoder.encode([(":status", "201")])
answer = hyperframe.frame.HeadersFrame(3, block, flags=["END_HEADERS", "END_STREAM"])
try:
    print("client:", *client.receive_data(answer.serialize()))
except h2.exceptions.ProtocolError as error:
    print("client, at the answer for stream 3:", error)
PY
)
expected='client: ResponseReceived
client: StreamEnded
client: ConnectionTerminated (last_stream_id 3)
server, answering stream 3: Invalid input ConnectionInputs.SEND_HEADERS in state ConnectionState.CLOSED
client, at the answer for stream 3: Invalid input ConnectionInputs.RECV_HEADERS in state ConnectionState.CLOSED'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
