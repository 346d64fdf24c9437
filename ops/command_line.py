"""Writes the page of the command line from the commands themselves."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import typer

from dispatcher.__main__ import app
from dispatcher.commands.shell.help_text import OPERATED, SENT, SHOWN, HelpText, exits_of, help_text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEAD = """# The command line

Every command says the same of itself with `--help`. Made from the commands by `python -m ops.reference`.

- **For whom.** A duty officer's commands speak HTTP with the key in `WARN_API_KEY`, from any machine, and have German
  help; an operator's work at the server, with its `DATABASE_URL` or the data directory of `dispatcher up`, and have
  English help.
- **Language.** What a person reads is German, with `--language en` or `WARN_LANGUAGE=en` English. Times are written in
  `WARN_TIME_ZONE`, with their zone.
- **Where.** `--url` or `WARN_URL`; else this machine, at the port `WARN_API_PORT` (8080).
- **`--json`** prints the service's answer as one JSON document, of an operator's list one line each; nothing else goes
  to standard output. Where nothing comes of it, the problem document (RFC 9457) is one line on standard error. The exit
  codes are the same.
- **Sending again.** Exit code 3 means that nobody knows whether the message was accepted. Send the same bytes again:
  they are never accepted twice. `update`, `cancel` and `all-clear` leave them in a file, which they name.
- **References.** `update`, `cancel` and `all-clear` name by themselves what holds: whoever gives the number of a
  warning that has been replaced since ends, or changes, what has taken its place.
- **Completion.** `dispatcher --install-completion` for bash, zsh, fish and PowerShell.

## Exit codes

"""


def command_line_page() -> str:
    """Return the page: what the exit codes mean, and every command with how it is typed."""
    return "\n".join(
        [HEAD + _exit_codes(), "## Commands\n", *map(_section, _leaves(typer.main.get_command(app)))]
    )


def _leaves(found: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, by its words."""
    if not hasattr(found, "commands"):
        yield " ".join(words), found
        return
    context = typer.Context(found)
    for name in found.list_commands(context):
        yield from _leaves(found.get_command(context, name), (*words, name))


def _exit_codes() -> str:
    rows = [
        "| code | what sends | what asks | an operator's, unless it says otherwise |",
        "|---|---|---|---|",
    ]
    kinds: tuple[Mapping[int, str], ...] = (SENT, SHOWN, OPERATED)
    rows += [f"| {code} | {' | '.join(kind.get(code, '') for kind in kinds)} |" for code in SENT]
    return "\n".join([*rows, ""])


def _section(named: tuple[str, Any]) -> str:
    words, command = named
    text = help_text_of(command.callback)
    purpose = " ".join((command.help or "").partition("\n\n")[0].split())
    lines = [f"### `dispatcher {words}`\n", *textwrap.wrap(purpose, 118), ""]
    if text.examples:
        lines += ["```sh", *text.examples, "```", ""]
    return "\n".join([*lines, *_exits(text), ""])


def _exits(text: HelpText) -> list[str]:
    """Return which column of exit codes is a command's, or its own."""
    columns = (("what sends", SENT), ("what asks", SHOWN), ("an operator's", OPERATED))
    for name, exits in columns:
        if exits_of(text) is exits:
            return [f"Exit codes: {name}."]
    return [f"- {code}: {meaning}" for code, meaning in exits_of(text).items()]
