"""A name whose addresses change between two look-ups, tried in a process of its own.

The machine's own resolver asks a small DNS server on loopback, as the root directory of this process holds nothing but
a `resolv.conf` and the certificates. So it needs root, and no more: neither a namespace nor a change to the machine.
One loopback address stands for the public ones, since nothing else may be connected to here.
"""

import argparse
import asyncio
import concurrent.futures.thread  # noqa: F401 - asyncio loads it when it needs it, and it is out of sight then
import json
import os
import socket
import ssl
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.http2.pool import ConnectionPool, client_tls
from channels.http.messages import Answer, HttpError, Request, header_lines
from channels.http.transport import TransportSettings
from tests.channels.far_side import FarSide2

NAME = "push.rebinding.example"
ORIGIN = f"https://{NAME}"
TIMEOUT_S = 10.0
_A, _INTERNET = 1, 1


@dataclass(frozen=True)
class OnePublic(AddressPolicy):
    """The policy, with one loopback address taken for public."""

    public: str = ""

    def permits(self, origin: str, address: str) -> bool:
        return address == self.public or super().permits(origin, address)


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers each question for an IPv4 address with the next list of `answers`, and the last of them for ever; every
    other question with nothing.
    """

    answers: list[list[str]] = field(default_factory=list)
    asked: int = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        end = data.index(b"\0", 12) + 5
        (kind,) = struct.unpack_from("!H", data, end - 4)
        found: list[str] = []
        if kind == _A:
            found = self.answers[min(self.asked, len(self.answers) - 1)]
            self.asked += 1
        # The name as a pointer to the question, the type, the class, no time to live, four bytes.
        records = b"".join(
            struct.pack("!HHHIH", 0xC00C, _A, _INTERNET, 0, 4) + socket.inet_aton(one) for one in found
        )
        head = data[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0)
        self.transport.sendto(head + data[12:end] + records, addr)


@dataclass
class World:
    """The name server, the push service at the public address, and whoever listens at the private one."""

    names: NameServer
    service: FarSide2
    policy: OnePublic
    private: str
    tls: ssl.SSLContext
    private_connections: int = 0

    async def serve_private(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.private_connections += 1
        writer.close()

    def say(self, *answers: list[str]) -> None:
        """Answer the next look-ups with these."""
        self.names.answers, self.names.asked = list(answers), 0

    def report(self, result: str) -> dict[str, object]:
        return {
            "result": result,
            "look_ups": self.names.asked,
            "public": self.service.connections,
            "private": self.private_connections,
        }


async def by_libcurl(world: World) -> str:
    """Post once with a new client, which remembers no look-up; return the status, or the error's code."""
    client = HttpClient(world.policy, ca_file="/ca.pem", http2_after=sys.maxsize)
    try:
        answer = await client.post(ORIGIN + "/", {"TTL": "60"}, b"x", TIMEOUT_S)
        return str(answer.status)
    except HttpError as error:
        return error.code
    finally:
        await client.aclose()


async def by_own_connection(world: World) -> str:
    """Have a connection of our own made; return the status of a request on it, or that there is none."""
    settings = TransportSettings(world.policy, TIMEOUT_S, "/ca.pem", "test")
    pool = ConnectionPool(ORIGIN, client_tls("/ca.pem"), settings)
    request = Request(ORIGIN + "/", header_lines({"TTL": "60"}), b"x", TIMEOUT_S)
    ended: asyncio.Future[Answer | HttpError] = asyncio.get_running_loop().create_future()
    due = settings.monotonic() + TIMEOUT_S
    try:
        pool.start(request, due, ended.set_result)
        assert pool._connecting is not None
        await asyncio.wait([pool._connecting])
        if pool.start(request, due, ended.set_result) is None:
            return "no connection"
        outcome = await ended
        return str(outcome.status) if isinstance(outcome, Answer) else outcome.code
    finally:
        await pool.aclose()


WAYS = {"libcurl": by_libcurl, "own": by_own_connection}


async def tried(world: World) -> dict[str, object]:
    """Try each way with a name that is public, then private; with one that is both at once; and, to see that this would
    be noticed, with a private address that is permitted.
    """
    public, private = [world.policy.public], [world.private]
    found: dict[str, object] = {}
    for name, way in WAYS.items():
        world.say(public, private)
        found[f"{name}, first look-up"] = world.report(await way(world))
        found[f"{name}, second look-up"] = world.report(await way(world))
        world.say(private + public)
        found[f"{name}, both at once"] = world.report(await way(world))
    world.policy = OnePublic(public=world.private)
    for name, way in WAYS.items():
        world.say(private)
        found[f"{name}, permitted"] = world.report(await way(world))
    return found


async def main(server: str, public: str, private: str) -> dict[str, object]:
    """Serve names, the public and the private address, and try. The process sees nothing but its root by now."""
    loop = asyncio.get_running_loop()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain("/server.pem")
    tls.set_alpn_protocols(["h2"])
    names = NameServer()
    transport, _ = await loop.create_datagram_endpoint(lambda: names, local_addr=(server, 53))
    service = FarSide2(lambda stream: stream.answer(201))
    world = World(names, service, OnePublic(public=public), private, tls)
    listening = await asyncio.start_server(service.serve, public, 443, ssl=tls)
    decoy = await asyncio.start_server(world.serve_private, private, 443)
    try:
        return await tried(world)
    finally:
        transport.close()
        listening.close()
        decoy.close()


def shut_in(root: Path, server: str) -> None:
    """Make `root` all that this process sees: the resolver reads its settings anew for every look-up."""
    authority = trustme.CA()
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "resolv.conf").write_text(f"nameserver {server}\noptions timeout:5 attempts:1\n")
    (root / "etc" / "nsswitch.conf").write_text("hosts: dns\n")
    authority.cert_pem.write_to_path(str(root / "ca.pem"))
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(root / "server.pem"))
    socket.getaddrinfo("localhost", 443)  # loads what it needs while that can be found
    os.chroot(root)
    os.chdir("/")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("addresses", nargs=3, help="of the name server, the public and the private one")
    options = parser.parse_args()
    "".encode("idna")  # a codec that is found on disk, as is the module of threads below
    shut_in(options.root, options.addresses[0])
    sys.stdout.write(json.dumps(asyncio.run(main(*options.addresses))))
