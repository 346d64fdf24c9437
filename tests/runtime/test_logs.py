"""What comes out on standard error, of us and of the libraries."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.processes

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
logging.getLogger("asyncpg.pool").exception("said elsewhere")
"""


def lines(*, as_json: Any) -> Any:
    program = PROGRAM.format(as_json=as_json)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_every_line_is_one_json_object_whoever_wrote_it() -> None:
    ours, uvicorn, somebody = [json.loads(line) for line in lines(as_json=True)]
    assert (ours["event"], ours["number"], ours["process"]) == ("ours", 1, "api")
    assert (uvicorn["event"], uvicorn["level"], uvicorn["logger"]) == (
        "Invalid request",
        "warning",
        "uvicorn.error",
    )
    assert (somebody["process"], somebody["level"]) == ("api", "error")
    assert "ValueError: why" in somebody["exception"]


def test_a_person_reads_plain_lines() -> None:
    text = "\n".join(lines(as_json=False))
    assert "Invalid request" in text
    assert "too much" not in text
    assert not text.startswith("{")
