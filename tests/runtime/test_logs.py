"""What comes out on standard error, of us and of the libraries."""

import errno
import json
import subprocess
import sys
import traceback
from typing import Any

import asyncpg
import pytest
from pydantic import BaseModel

from dispatcher.runtime.logs import outline

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


def test_errors_that_lead_to_each_other_end() -> None:
    one, other = ValueError(), KeyError()
    one.__context__, other.__context__ = other, one
    assert outline(one).count("Traceback") == 2
