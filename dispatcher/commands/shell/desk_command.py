"""A command that a duty officer types: its help and what it says of a wrong call are in the language of the desk."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer
from typer.core import TyperCommand

from dispatcher.commands.shell.help_text import SENT, exits_of, help_text_of
from dispatcher.commands.terminal import shown
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import UnknownTimeZoneError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WRONG_CALL: Final = 2
_LANGUAGE: Final = "dispatcher.language"
_EXTRA: Final = re.compile(r"unexpected extra argument\(s\) \((?P<words>.*)\)")
_OPTION: Final = re.compile(r"Option '(?P<name>[^']+)' (?P<what>requires|does not take)")
_VALUE: Final = re.compile(r"'(?P<value>.*)'")
"""What only the library's sentence names. Where it is put otherwise one day, the sentence itself is shown."""
_HINTS: Final = (("required", "[required"), ("env", "env var: "), ("default", "default: "))
"""What the library adds to the help of an option."""


class DeskCommand(TyperCommand):
    """Speaks German, or with `--language en` (WARN_LANGUAGE) English; what its docstring and options say is German."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_LANGUAGE] = language_of(args)
        from typer._click.exceptions import UsageError

        try:
            return list(super().parse_args(ctx, args))
        except UsageError as error:
            if ctx.resilient_parsing:
                raise
            self._end(wrong_call(error, _words(ctx)), ctx)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a zone that there is none of is refused, since the times that are typed go by it."""
        try:
            return super().invoke(ctx)
        except UnknownTimeZoneError as error:
            self._end(_words(ctx)["zone"].format(name=error.name), ctx)

    def _end(self, line: str, ctx: Any) -> NoReturn:
        words, lines = _words(ctx), [line]
        if SENT.items() <= exits_of(help_text_of(self.callback)).items():
            lines.append(words["not_sent"])
        lines.append(words["try"].format(command=ctx.command_path))
        typer.echo("\n".join(map(shown, lines)), err=True)
        raise typer.Exit(WRONG_CALL)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        words = _words(ctx)
        pieces = [words["options"] if one == "[OPTIONS]" else one for one in self.collect_usage_pieces(ctx)]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=words["usage"])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        words = _words(ctx)
        parts: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                text = words["help"] if param is self.get_help_option(ctx) else record[1]
                parts[param.param_type_name].append((record[0], _hints(text, words)))
        for name, rows in parts.items():
            if rows:
                with formatter.section(words[name]):
                    formatter.write_dl(rows)


def language_of(args: Sequence[str]) -> DeskLanguage:
    """Return the language that is asked for by an option or the environment: known before the options are read, which
    may be wrong.
    """
    wanted = os.environ.get("WARN_LANGUAGE", "")
    for position, word in enumerate(args):
        if word == "--language":
            wanted = "".join(args[position + 1 : position + 2])
        elif word.startswith("--language="):
            wanted = word.partition("=")[2]
    return DeskLanguage.ENGLISH if wanted == DeskLanguage.ENGLISH else DeskLanguage.GERMAN


def wrong_call(error: Any, words: Mapping[str, str]) -> str:
    """Say what is wrong with how a command was typed, by what the library found."""
    from typer._click.exceptions import BadParameter, MissingParameter, NoSuchOption

    message = str(error.message)
    if isinstance(error, NoSuchOption):
        names = ", ".join(sorted(error.possibilities or ()))
        nearest = words["nearest"].format(names=names) if names else ""
        return words["no_option"].format(name=error.option_name, nearest=nearest)
    param = getattr(error, "param", None)
    if isinstance(error, MissingParameter) and param is not None:
        return words["missing"].format(name=param.display_name_raw)
    if isinstance(error, BadParameter) and param is not None:
        return _bad_value(param, message, words)
    if found := _OPTION.search(message):
        key = "needs_value" if found["what"] == "requires" else "no_value"
        return words[key].format(name=found["name"])
    if found := _EXTRA.search(message):
        return words["extra"].format(words=found["words"])
    return message


def _bad_value(param: Any, message: str, words: Mapping[str, str]) -> str:
    """Say what the parameter takes."""
    kind = param.type_descriptor
    name = param.opts[0] if param.param_type_name == "option" else param.display_name_raw
    if kind.is_choice:
        choices = ", ".join(str(getattr(one, "value", one)) for one in kind.choices or ())
        return words["choices"].format(name=name, choices=choices)
    if kind.is_ranged:
        return words["range"].format(name=name, least=kind.parameter_info.min, most=kind.parameter_info.max)
    found = _VALUE.search(message)
    if kind.is_path and found:
        key = "folder" if "directory" in message else "no_file"
        return words[key].format(name=name, path=found["value"])
    return f"{name}: {message}"


def _hints(text: str, words: Mapping[str, str]) -> str:
    """Return the help of an option with what the library added in the desk's words; it stands in the last brackets."""
    said, bracket, added = text.rpartition("  [")
    if not bracket:
        said, added = ("", text[1:]) if text.startswith("[") else (text, "")
        bracket = "[" if added else ""
    for key, theirs in _HINTS:
        added = added.replace(theirs.lstrip("["), words[key])
    return f"{said}{bracket}{added}"


def _words(ctx: Any) -> Mapping[str, str]:
    return desk_texts(ctx.meta.get(_LANGUAGE, language_of(()))).command_line
