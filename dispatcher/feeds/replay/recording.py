"""What a source answered, answer by answer, as JSON lines: to replay a day, and to file a fault with evidence."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.http.messages import Answer, HttpError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TextIO

    from channels.http.addresses import AddressPolicy
    from dispatcher.feeds.fetch import Client

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request and its answer; `status` 0 and `detail` where there was none."""

    at: datetime
    url: str
    status: int
    body: bytes = b""
    detail: str = ""


class RecordingError(ValueError):
    """A line that is no recorded answer."""


def write(answer: Recorded) -> str:
    """Return an answer as one line."""
    return json.dumps(
        {
            "v": FORMAT,
            "at": answer.at.isoformat(),
            "url": answer.url,
            "status": answer.status,
            "detail": answer.detail,
            "body": base64.b64encode(answer.body).decode(),
        }
    )


def read(lines: Iterable[str]) -> Iterator[Recorded]:
    """Read a recording. Raises `RecordingError` with the number of the line."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):  # noqa: B007 - named in the error
            yield _recorded(json.loads(line))
    except UnicodeDecodeError as error:  # of the lines' own making: none was handed over
        raise RecordingError(f"after line {number}: not UTF-8") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordingError(f"line {number}: {type(error).__name__}") from error


def _recorded(value: Any) -> Recorded:
    at = datetime.fromisoformat(value["at"])
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    if value["v"] != FORMAT:
        raise ValueError("another format")
    return Recorded(
        at=at,
        url=str(value["url"]),
        status=int(value["status"]),
        body=base64.b64decode(value["body"], validate=True),
        detail=str(value["detail"]),
    )


class Recorder:
    """A client that writes down every answer before it passes it on."""

    def __init__(self, client: Client, file: TextIO, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._file = file
        self._clock = clock

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        max_bytes: int,
        *,
        policy: AddressPolicy | None = None,
    ) -> Answer:
        """Fetch as the client does, and write the answer down."""
        at = self._clock()
        try:
            answer = await self._client.get(url, headers, timeout_s, max_bytes, policy=policy)
        except HttpError as error:
            self._write(Recorded(at, url, 0, detail=error.code))
            raise
        self._write(Recorded(at, url, answer.status, answer.body))
        return answer

    def _write(self, answer: Recorded) -> None:
        self._file.write(write(answer) + "\n")
        self._file.flush()
