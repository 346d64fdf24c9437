"""The commands that run the service."""

import socket
from typing import Any


async def test_a_port_in_use_is_said_before_anything_is_started(dispatcher: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await dispatcher("up", WARN_API_PORT=str(port))
    assert done.returncode == 1
    assert (
        f"nothing can listen on 127.0.0.1:{port} (Address already in use): set WARN_API_HOST" in done.stderr
    )


SOURCE = ("source", "add", "leitstelle", "--sender", "a@example.org", "--territory", "05358")
INSTANCE = ("instance", "add", "dueren", "--place", "05358008")


async def test_a_short_pepper_ends_what_needs_one(dispatcher: Any) -> None:
    for command in (SOURCE, INSTANCE, ("api",), ("up",)):
        done = await dispatcher(*command, WARN_KEY_PEPPER="")
        assert (done.returncode, done.stdout) == (1, ""), command
        assert "setting WARN_KEY_PEPPER: 0 characters are no pepper" in done.stderr


async def test_a_damaged_pepper_ends_what_needs_one(
    dispatcher: Any, run: Any, surroundings: Any, tmp_path: Any
) -> None:
    surroundings.delenv("WARN_KEY_PEPPER")
    pepper = tmp_path / "var" / "keys" / "pepper"
    pepper.parent.mkdir(parents=True)
    pepper.write_bytes(b"")
    for command in (SOURCE, INSTANCE, ("api",), ("up",)):
        done = await dispatcher(*command)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert f"{pepper}: 0 bytes are no pepper" in done.stderr
    assert pepper.read_bytes() == b"", "a new one would make every key worthless"
