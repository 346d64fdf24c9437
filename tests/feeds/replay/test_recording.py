"""Answers of a source as lines of a file."""

from pathlib import Path

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from dispatcher.feeds.replay.recording import Recorded, Recorder, RecordingError, read, write
from tests.support.feed_messages import NOW


def test_a_recorded_answer_is_one_line() -> None:
    one = Recorded(NOW, "https://x.example/", 200, b"\x00\xff", "")
    assert list(read([write(one)])) == [one]


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"at": 1}'])
def test_a_line_that_is_no_answer_is_named(line: str) -> None:
    with pytest.raises(RecordingError, match="line 2"):
        list(read([write(Recorded(NOW, "u", 200)), line]))


async def test_no_answer_is_recorded_too(tmp_path: Path) -> None:
    bundle = tmp_path / "none.pem"
    bundle.write_text("")
    client = HttpClient(AddressPolicy(), ca_file=str(bundle))
    with (tmp_path / "x.jsonl").open("w+") as file:
        recorder = Recorder(client, file, lambda: NOW)
        with pytest.raises(Exception, match="url_not_https"):
            await recorder.get("http://x.example/", {}, 1, 1000)
        file.seek(0)
        assert [(one.status, one.detail) for one in read(file)] == [(0, "url_not_https")]
    await client.aclose()
