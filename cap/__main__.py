"""`python -m cap check|show|verify|rules`: the only place of this package that opens files."""

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cap.errors import CapError, NotXml
from cap.formats.archive import MAX_ARCHIVE_BYTES, is_zip, members
from cap.formats.nina import parse_nina
from cap.formats.report import Report, as_json, as_line, as_sentences, printable, reports, unreadable
from cap.formats.view import view
from cap.limits import Limits
from cap.model import Document
from cap.parse.document import parse
from cap.policy import LENIENT, STRICT
from cap.rules.table import rows
from cap.signatures import report as signature_report

USAGE = 2
"""The exit status for a command that was not understood, as `argparse` and shells have it."""
# The names by which files of a directory are taken for alerts, feeds or archives.
_SUFFIXES = frozenset({".atom", ".cap", ".edxl", ".edxlde", ".rss", ".xml", ".zip"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 if every alert or signature is valid, 1 if some are not, 2 for what was not understood or found."""
    options = _options().parse_args(arguments)
    _prepare_output(as_utf8=bool(getattr(options, "json", False)))
    try:
        code = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough: say nothing more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _prepare_output(*, as_utf8: bool) -> None:
    """Write JSON as UTF-8 (RFC 8259 §8.1); a terminal that cannot show a letter gets its number, not a failure."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_utf8 else None, errors="backslashreplace")


def _run(options: argparse.Namespace) -> int:
    if options.command == "rules":
        print("\n".join(rows()))
        return 0
    for path in options.files:
        problem = _obstacle(path)
        if problem:
            print(f"python -m cap: {problem}: {printable(str(path))}", file=sys.stderr)
            return USAGE
    if options.command == "verify":
        return _verify(options)
    return _check(options) if options.command == "check" else _show(options)


def _obstacle(path: Path) -> str | None:
    """Says why a named file cannot be read at all; None if it can."""
    try:
        path.stat()
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:
        return f"cannot read ({getattr(error, 'strerror', None) or error})"
    return None if os.access(path, os.R_OK) else "cannot read (permission denied)"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cap", description="Read and check CAP alerts.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="one line per alert: is it valid?")
    check.add_argument(
        "--lenient", action="store_true", help="weigh problems as for a feed, not a submission"
    )
    check.add_argument("--json", action="store_true", help="one JSON object per line")
    check.add_argument("--profiles", action="store_true", help="also check the profiles that alerts follow")
    check.add_argument("--lang", choices=("en", "de"), default="en", help="language of the sentences")
    check.add_argument(
        "-v", "--verbose", action="store_true", help="every finding as a sentence, not errors alone"
    )
    check.add_argument("--brief", action="store_true", help="one line per alert and no sentence")
    show = commands.add_parser("show", help="what an alert says, for people (German)")
    _add_verify(commands)
    commands.add_parser("rules", help="the table of all rules, as Markdown")
    for command in (check, show):
        command.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="file, feed, zip or directory"
        )
    return parser


def _add_verify(commands: Any) -> None:
    verify = commands.add_parser(
        "verify",
        help="whether an alert is signed with a certificate that was in force when it was received",
        epilog="Example: python -m cap verify --certificate leitstelle.pem "
        "--at 2026-11-22T12:00:00+01:00 alert.xml",
    )
    verify.add_argument(
        "--certificate",
        action="append",
        type=Path,
        required=True,
        metavar="PEM",
        help="the sender's; may be repeated",
    )
    verify.add_argument(
        "--at",
        type=_moment,
        metavar="TIME",
        help="as of which to verify, with its zone: when the alert was received (default: now)",
    )
    verify.add_argument("--json", action="store_true", help="one JSON object per line")
    verify.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a file of one alert, or a directory"
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no zone; write 2026-11-22T12:00:00+01:00")
    return moment


def _check(options: argparse.Namespace) -> int:
    policy = LENIENT if options.lenient else STRICT
    valid = True
    for name, content in _documents(options.files):
        found = (
            [unreadable(name, content)]
            if isinstance(content, CapError)
            else reports(name, content, policy, with_profiles=options.profiles)
        )
        for report in found:
            valid = valid and report.is_valid
            _print(report, options)
    return 0 if valid else 1


def _print(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(as_json(report, options.lang))
        return
    print(as_line(report))
    if not options.brief:
        for sentence in as_sentences(report, options.lang, all_of_them=options.verbose):
            print(f"  {sentence}")


def _verify(options: argparse.Namespace) -> int:
    """Judges each file as of one time: what was signed in time stays proved when its certificate has ended."""
    at = options.at or datetime.now(UTC)
    try:
        certificates = [path.read_bytes() for path in options.certificate]
        found = [
            signature_report.verified(str(path), path.read_bytes(), certificates, at)
            for path in _files(options.files)
        ]
    except (OSError, ValueError) as error:  # a certificate that is none, or a file that cannot be read
        print(f"python -m cap: {printable(str(error))}", file=sys.stderr)
        return USAGE
    for report in found:
        print(signature_report.as_json(report) if options.json else signature_report.as_line(report))
    return 0 if all(report.is_valid for report in found) else 1


def _show(options: argparse.Namespace) -> int:
    readable = True
    for name, content in _documents(options.files):
        if isinstance(content, CapError):
            readable = False
            print(f"{printable(name)}: {content}", file=sys.stderr)
            continue
        if not content.alerts:
            print(f"{printable(name)}: enthält keine Meldung", file=sys.stderr)
        for alert in content.alerts:
            print(view(alert))
    return 0 if readable else 1


def _documents(paths: Sequence[Path]) -> Iterator[tuple[str, Document | CapError]]:
    """Yields every document of every file, archive and directory, or the error that says why it is unreadable."""
    for path in _files(paths):
        try:
            with path.open("rb") as file:
                data = file.read(MAX_ARCHIVE_BYTES + 1)
        except OSError as error:
            yield str(path), _unreadable_file(error)
            continue
        if not is_zip(data):
            yield str(path), _read(data)
            continue
        try:
            for member in members(data, Limits()):
                content = member.content
                name = f"{path}!{member.name}"
                yield name, content if isinstance(content, CapError) else _read(content)
        except CapError as error:
            yield str(path), error


def _unreadable_file(error: OSError) -> CapError:
    return NotXml(
        f"The file cannot be read: {error.strerror}.", f"Die Datei ist nicht lesbar: {error.strerror}."
    )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yields the files that were named and, below directories, those named like an alert, a feed or an archive.

    The other files of a directory are counted on standard error: nothing is left out in silence.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        below = [found for found in sorted(path.rglob("*")) if found.is_file()]
        chosen = [found for found in below if found.suffix.lower() in _SUFFIXES]
        yield from chosen
        if not chosen or len(chosen) < len(below):
            others = len(below) - len(chosen)
            print(
                f"python -m cap: {printable(str(path))}: {len(chosen)} files read, {others} not called like alerts",
                file=sys.stderr,
            )


def _read(data: bytes) -> Document | CapError:
    try:
        return parse_nina(data) if data.lstrip()[:1] in (b"{", b"[") else parse(data)
    except CapError as error:
        return error


if __name__ == "__main__":
    sys.exit(main())
