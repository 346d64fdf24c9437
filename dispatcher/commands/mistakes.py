"""Says what an operator can mend in a sentence, in place of a traceback."""

from __future__ import annotations

import json
import os
import sys
from typing import Final

import asyncpg
import pydantic_settings
from pydantic import ValidationError

from dispatcher.desk_texts.desk import UnknownTimeZoneError
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.settings import SettingsError, explained

JSON_SETTINGS: Final = {"sms_gateways": '[{"name": "…", "url": "https://…"}]'}
"""What settings in JSON look like at their shortest."""
_OF_VALUES: Final = "22"
"""The class of PostgreSQL's codes for data exceptions (its appendix A)."""


def sentence_of(error: Exception) -> tuple[list[str], int] | None:
    """Return what to say of an error, in lines, and the exit code; None for what nobody outside the program can
    mend.
    """
    if isinstance(error, ValidationError):
        findings = error.errors(include_url=False, include_input=False)
        return [explained(item) for item in findings], SettingsError.exit_status
    if isinstance(error, pydantic_settings.SettingsError):
        # It says: error parsing value for field "sms_gateways" from ...
        return [_no_json(str(error).split('"')[1])], 1
    if isinstance(error, asyncpg.PostgresError):
        older = isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError)
        advice = "; run `dispatcher migrate` first" if older else ""
        if isinstance(error, asyncpg.LockNotAvailableError):
            advice = (
                "; a table is in use for long, as by a backup: nothing was changed, say it again after that"
            )
        return [f"the record (DATABASE_URL) refuses: {_refusal(error)}{advice}"], 1
    if isinstance(error, UnknownTimeZoneError):
        return [
            f"setting WARN_TIME_ZONE: {error.name} is no time zone such as Europe/Berlin"
        ], SettingsError.exit_status
    if isinstance(error, SettingsError | OSError | EmbeddedError):
        code = 1 if isinstance(error, OSError) else error.exit_status
        return [str(error) if _is_sentence(error) else f"{type(error).__name__}: {error}"], code
    return None


def _refusal(error: asyncpg.PostgresError) -> str:
    """Return what PostgreSQL says, and its code; never its detail, which repeats the row. What it says of values
    repeats them, and what asyncpg says of arguments, too: of these (class 22) the type is named.
    """
    code = error.sqlstate or ""
    said = type(error).__name__ if code.startswith(_OF_VALUES) else error.args[0]
    return f"{said} [{code}]" if code else said


def _is_sentence(error: Exception) -> bool:
    """Whether it says in words of ours what is wrong: errors of the operating system's own have its number."""
    return isinstance(error, EmbeddedError) or (
        isinstance(error, OSError) and error.errno is None and bool(str(error))
    )


def _no_json(field: str) -> str:
    """Say where a setting stops being JSON, and what one looks like; never what it holds, which may be a secret."""
    name = f"WARN_{field.upper()}"
    given = next((value for key, value in os.environ.items() if key.upper() == name), "")
    try:
        json.loads(given)
        where = ""
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            where = f" (line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]})"
        else:
            where = ""
    expected = JSON_SETTINGS.get(field, "")
    like = f" such as {expected}" if expected else ""
    return f"setting {name}: is no JSON{where}; expected is JSON in one line{like}, see ops/docs/settings.md"


def leave(error: Exception) -> None:
    """End the process with the sentence for an error, or raise it."""
    found = sentence_of(error)
    if found is None:
        raise error
    lines, code = found
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - the last word of a command
    sys.exit(code)
