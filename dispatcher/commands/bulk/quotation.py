"""Find how far a row of CSV goes on over the ends of lines, within quotation marks. Pure.

People write inches and quotations, and forget to close. So a mark opens only where a field begins, and lines are one
row only if that gives just the columns of the file: a stray mark costs its own line and no other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final

_WITHIN: Final = rb'[^"]*+(?:""[^"]*+)*+'
"""What stands between quotation marks; those of a text are doubled. Possessive: no byte is looked at twice."""
_LINE_ENDS: Final = frozenset((b"", b"\n", b"\r\n", b"\r"))


class Quotation:
    """Says which lines are one row of a file with these columns."""

    def __init__(self, delimiter: str, columns: Sequence[str]) -> None:
        self._text, self._delimiter = delimiter, delimiter.encode()
        self._fields = len(columns)
        self._channel = columns.index("channel") if "channel" in columns else None
        end = re.escape(self._delimiter)
        field = rb'(?:"%b"|[^"%b][^%b]*+)?+' % (_WITHIN, end, end)
        self._open = re.compile(rb'(?:%b%b)*+"%b\Z' % (field, end, _WITHIN)).match
        self._within = re.compile(_WITHIN).match

    def is_open(self, line: bytes) -> bool:
        """Return whether a row that begins with this line goes on within quotation marks."""
        return self._open(line) is not None

    def rest(self, first: bytes, following: Iterable[bytes]) -> list[bytes] | None:
        """Return the lines with which a row goes on whose first one is open; None where they and it are no row.

        No more lines are taken than the row may have fields, but for those without any end of a field; so each line of
        a file is looked at a few times at most, whatever marks it has.
        """
        passed, found = self._passed(first, within=False), []
        channel = self._channel_of(first)
        for line in following:
            # Somebody's row is never part of a text of another's.
            if channel is not None and self._channel_of(line, whole=True) == channel:
                return None
            found.append(line)
            more = self._passed(line, within=True)
            if passed is None or more is None:
                return None
            passed = passed[0] + more[0], more[1]
            if passed[0] >= self._fields:
                return None
            if not passed[1]:
                return found if passed[0] + 1 == self._fields else None
        return None

    def _passed(self, line: bytes, *, within: bool) -> tuple[int, bool] | None:
        """Return how many fields end with a delimiter in a line, and whether its end is within quotation marks; None
        where something follows a mark that closes. `within`: so is its beginning.
        """
        ends, at = 0, 0
        while True:
            if within or line[at : at + 1] == b'"':
                after = self._within(line, at if within else at + 1)
                at = after.end() if after else len(line)
                if at == len(line):
                    return ends, True
                at, within = at + 1, False
                if line[at : at + 2] in _LINE_ENDS:
                    return ends, False
                if not line.startswith(self._delimiter, at):
                    return None
            elif (at := line.find(self._delimiter, at)) < 0:
                return ends, False
            ends, at = ends + 1, at + 1

    def _channel_of(self, line: bytes, *, whole: bool = False) -> str | None:
        """Return the channel that a line names by itself. `whole`: only where it has all fields of a row."""
        try:
            found = next(csv.reader((line.decode(errors="replace"),), delimiter=self._text), [])
        except csv.Error:
            return None
        if self._channel is None or len(found) <= self._channel or (whole and len(found) != self._fields):
            return None
        return found[self._channel]
