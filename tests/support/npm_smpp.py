"""npm's `smpp`, as client and as server, each in a process of its own."""

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support.programs import npm_packages, program, run

NPM: Final = ("smpp@0.5.1", "iconv-lite@0.7.3", "safer-buffer@2.1.2")
HERE: Final = Path(__file__).parent
HOST: Final = "127.0.0.1"


def environment(authority: Path | None = None) -> dict[str, str]:
    """Node's: where the packages are, and whose certificates it trusts besides its own."""
    trusted = {"NODE_EXTRA_CA_CERTS": str(authority)} if authority else {}
    return {"MODULES": str(npm_packages(*NPM)), **trusted}


def send(url: str, authority: Path | None = None, **order: Any) -> dict[str, Any]:
    """Send texts with npm's client. See `smpp_client.cjs` for the order and for what comes back."""
    theirs = url.replace("smpps://", "ssmpp://")  # its own scheme for TLS
    command = [program("node", "nodejs"), HERE / "smpp_client.cjs", theirs, json.dumps(order)]
    done = run(command, env=environment(authority))
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@dataclass(frozen=True)
class NpmServer:
    """npm's server, and what it wrote down."""

    port: int
    log: Path

    def lines(self, event: str = "submit_sm") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [line for line in found if line["event"] == event]


@contextlib.contextmanager
def npm_server(home: Path, **options: Any) -> Iterator[NpmServer]:
    """npm's server with these options, see `smpp_server.cjs`."""
    log = home / "npm-server.ndjson"
    script = [program("node", "nodejs"), str(HERE / "smpp_server.cjs"), str(log), json.dumps(options)]
    process = subprocess.Popen(
        with_parent_death_signal(script, death_signal=signal.SIGKILL),
        env=environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield NpmServer(json.loads(process.stdout.readline())["port"], log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
