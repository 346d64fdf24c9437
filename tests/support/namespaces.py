"""Machines of a network: namespaces of this kernel, joined by a bridge on which this process has addresses, too.

with Network() as network:
    network.machine(1)       a command prefix that starts a program on a machine with an address of its own
    network.address(1)       that address
    network.own(200)         an address on the bridge, for servers of this process
    with network.lost(200):  nothing passes to or from that address, and nobody is told
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import pytest

WITHIN_S = 10


def why_not() -> str:
    """Why there can be no such network here; empty: there can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if missing := [program for program in ("ip", "iptables") if not shutil.which(program)]:
        return f"not installed: {', '.join(missing)} (Debian: apt-get install iproute2 iptables)"
    name = f"probe-{secrets.token_hex(4)}"
    try:
        _run("ip", "netns", "add", name)
        _run("ip", "netns", "delete", name)
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.decode().strip()}"
    return ""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=WITHIN_S)


class Network:
    """A network of 198.18.0.0/15, which RFC 2544 keeps for tests."""

    def __init__(self) -> None:
        self._octet = secrets.randbelow(256)
        self._name = f"wn{self._octet}"
        self._made = ExitStack()

    def __enter__(self) -> Self:
        if reason := why_not():
            pytest.skip(reason)
        with ExitStack() as made:
            self._undone(
                made, ("ip", "link", "add", self._name, "type", "bridge"), "link", "delete", self._name
            )
            _run("ip", "link", "set", self._name, "up")
            self._made = made.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._made.close()

    @staticmethod
    def _undone(stack: ExitStack, command: tuple[str, ...], *undo: str) -> None:
        _run(*command)
        stack.callback(_run, "ip", *undo)

    def address(self, host: int) -> str:
        return f"198.18.{self._octet}.{host}"

    def own(self, host: int) -> str:
        """Give this process the address."""
        _run("ip", "address", "add", f"{self.address(host)}/24", "dev", self._name)
        return self.address(host)

    def machine(self, host: int) -> list[str]:
        """Make a machine, and return what to put before a command so that it runs there."""
        space, link = f"{self._name}-{host}", f"{self._name}v{host}"
        self._undone(self._made, ("ip", "netns", "add", space), "netns", "delete", space)
        _run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "link", "set", link, "master", self._name, "up")
        for line in (
            f"address add {self.address(host)}/24 dev eth0",
            "link set eth0 up",
            "link set lo up",
        ):
            _run("ip", "-n", space, *line.split())
        return ["ip", "netns", "exec", space]

    @contextmanager
    def lost(self, host: int) -> Iterator[None]:
        """Drop what goes to or comes from one of our own addresses."""
        with ExitStack() as dropped:
            for chain, which in (("INPUT", "--destination"), ("INPUT", "--source"), ("OUTPUT", "--source")):
                rule = [chain, which, self.address(host), "-j", "DROP"]
                _run("iptables", "--wait", "-I", *rule)
                dropped.callback(_run, "iptables", "--wait", "-D", *rule)
            yield
