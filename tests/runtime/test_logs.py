"""What comes out on standard error, of us and of the libraries."""

import asyncio
import errno
import functools
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import uvloop
from pydantic import BaseModel

from dispatcher.runtime.logs import outline, without_values

NUMBER = "+4915550123456"
"""What stands in texts of exceptions here, and must stand in no log."""

PROGRAM = """
import logging, structlog
from dispatcher.runtime import logs
logs.configure(as_json={as_json}, process="api")
structlog.get_logger().info("ours", number=1)
logging.getLogger("uvicorn.error").warning("Invalid %s", "request")
try:
    raise ValueError("why")
except ValueError:
    logging.getLogger("somebody").exception("theirs")
logging.getLogger("arq").info("too much")
try:
    raise ValueError("+4915550123456")
except ValueError:
    structlog.get_logger().exception("failed", function="plan")
logging.getLogger("asyncio").error("Task exception was never retrieved\\nfuture: <ValueError('+4915550123456')>")
logging.getLogger("asyncpg.pool").exception("said elsewhere")
"""


def lines(*, as_json: Any) -> Any:
    program = PROGRAM.format(as_json=as_json)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.processes
def test_every_line_is_one_json_object_whoever_wrote_it() -> None:
    ours, uvicorn, somebody, failed, never = [json.loads(line) for line in lines(as_json=True)]
    assert (ours["event"], ours["number"], ours["process"]) == ("ours", 1, "api")
    assert (uvicorn["event"], uvicorn["level"], uvicorn["logger"]) == (
        "Invalid request",
        "warning",
        "uvicorn.error",
    )
    assert (somebody["process"], somebody["level"]) == ("api", "error")
    assert somebody["exception"].endswith("\nValueError")
    assert "in <module>" in somebody["exception"]
    assert (failed["function"], failed["exception"].splitlines()[-1]) == ("plan", "ValueError")
    assert never["event"] == "Task exception was never retrieved"


@pytest.mark.processes
@pytest.mark.parametrize("as_json", [True, False])
def test_no_text_of_an_exception_is_in_a_log(as_json: Any) -> None:
    text = "\n".join(lines(as_json=as_json))
    assert "ValueError" in text
    assert "why" not in text
    assert NUMBER not in text


@pytest.mark.processes
def test_a_person_reads_plain_lines() -> None:
    text = "\n".join(lines(as_json=False))
    assert "Invalid request" in text
    assert "too much" not in text
    assert not text.startswith("{")


ENDING = """
import threading
from dispatcher.embedded.forks import fork
from dispatcher.runtime import logs
logs.configure(as_json=True, process="worker-1")
def fail():
    raise LookupError("+4915550123456")
class Released:
    def __del__(self):
        fail()
def run():
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Released()
    fail()
{}
"""


@pytest.mark.processes
@pytest.mark.parametrize("how", ["run()", "import sys; sys.exit(fork(run, lambda: None).wait())"])
def test_the_last_words_of_a_process_and_its_threads_are_logged_without_text(how: str) -> None:
    """Also of a fork, which `dispatcher up` runs each process in."""
    program = ENDING.format(how)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["event"] for one in found] == ["thread_failed", "exception_ignored", "process_failed"]
    assert {one["process"] for one in found[2:]} == {"worker-1"}
    for one in found:
        assert one["exception"].splitlines()[-1] == "LookupError"
        assert "in fail" in one["exception"]
    assert NUMBER not in done.stderr


class Body(BaseModel):
    number: int


def raised(kind: str) -> BaseException:
    """An error of each kind that repeats what it is about, as whoever catches it has it."""
    errors = {
        "record": asyncpg.UniqueViolationError(f"Key (address)=({NUMBER}) already exists."),
        "file": FileNotFoundError(errno.ENOENT, "No such file", NUMBER),
        "group": ExceptionGroup(NUMBER, [ValueError(NUMBER), KeyError(NUMBER)]),
        "cause": RuntimeError(NUMBER),
        "context": KeyError(NUMBER),
    }
    try:
        try:
            if kind == "validation":
                Body.model_validate_json(json.dumps({"number": f"tel:{NUMBER}"}))
            raise errors[kind] from ValueError(NUMBER) if kind == "cause" else None
        finally:
            if kind == "context":
                errors[kind].__suppress_context__ = False
                errors[kind].__context__ = ValueError(NUMBER)
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        return error


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("validation", ["pydantic_core._pydantic_core.ValidationError"]),
        ("record", ["asyncpg.exceptions.UniqueViolationError [23505]"]),
        ("file", ["FileNotFoundError [ENOENT]"]),
        ("cause", ["ValueError", "RuntimeError"]),
        ("context", ["ValueError", "KeyError"]),
        ("group", ["ExceptionGroup (ValueError, KeyError)"]),
    ],
)
def test_no_text_of_an_exception_is_written(kind: str, names: list[str]) -> None:
    error = raised(kind)
    assert NUMBER in "".join(traceback.format_exception(error)), "the negative control"
    found = outline(error)
    assert NUMBER not in found
    assert [part.splitlines()[-1] for part in found.split("\n\n")] == names
    assert "in raised" in found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Of asyncio (Python 3.11) and uvloop (0.23), as their loops said it: see the test below.
        (f"Exception in callback cb('{NUMBER}') at /a/b.py:1", "Exception in callback cb"),
        (f"Exception in callback <P {NUMBER}>", "Exception in callback"),
        (
            f"Task <Task finished name='T' coro=<f() done> result='{NUMBER}'> has errored out but its parent",
            "Task <Task finished name",
        ),
        (f"Executing <Handle f('{NUMBER}') at /a/b.py:1> took 1.000 seconds", "Executing <Handle f"),
        (
            f"could not close attached file object <socket.socket fd=6, laddr=('{NUMBER}', 1)>",
            "could not close attached file object <socket.socket fd",
        ),
        ("protocol.pause_writing() failed", "protocol.pause_writing() failed"),
        ("Task exception was never retrieved", "Task exception was never retrieved"),
    ],
)
def test_what_asyncio_says_is_kept_as_far_as_there_are_no_values(said: str, expected: str) -> None:
    assert without_values(f"{said}\nhandle: <Handle {NUMBER}>") == expected


@dataclass
class Phone:
    """Shows its number, as a dataclass does."""

    number: str

    def ring(self) -> None:
        raise ValueError(self.number)


class Bell:
    """Shows its number without any sign that begins it."""

    def __repr__(self) -> str:
        return f"<p {NUMBER}>"

    def __call__(self) -> None:
        raise ValueError(NUMBER)


def dial(number: str) -> None:
    raise ValueError(number)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize(
    ("called", "names"),
    [
        ((dial, NUMBER), {"dial", "<function dial"}),
        ((functools.partial(dial, NUMBER),), {"dial", "functools.partial"}),
        ((functools.partial(functools.partial(dial), NUMBER),), {"dial", "functools.partial"}),
        ((Phone(NUMBER).ring,), {"Phone.ring", "<bound method Phone.ring"}),
        (
            (lambda number: dial(number), NUMBER),  # noqa: PLW0108 - a lambda is called otherwise
            {"<lambda>", "<function <lambda>"},
        ),
        ((Bell(),), {""}),
    ],
)
def test_no_loop_says_what_a_callback_was_called_with(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    called: tuple[Any, ...],
    names: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = new_loop()
    loop.call_soon(*called)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    [said] = [one.getMessage() for one in caplog.records if one.name == "asyncio"]
    found = without_values(said)
    assert found in {f"Exception in callback {name}".strip() for name in names}, said
    assert NUMBER not in found


def test_errors_that_are_equal_are_all_outlined_and_never_compared() -> None:
    class Alike(Exception):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class Incomparable(Exception):
        def __eq__(self, other: object) -> bool:
            raise TypeError(NUMBER)

        __hash__ = None  # type: ignore[assignment]

    for kind in (Alike, Incomparable):
        first, last = kind(), kind()
        last.__cause__ = first
        assert outline(last).count(kind.__qualname__) == 2


def test_errors_that_lead_to_each_other_end() -> None:
    one, other = ValueError(), KeyError()
    one.__context__, other.__context__ = other, one
    assert outline(one).count("Traceback") == 2
