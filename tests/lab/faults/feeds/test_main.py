"""The commands of the feed lab."""

from pathlib import Path
from threading import Event
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from dispatcher.feeds.replay.recording import Recorded, write
from ops.lab.faults.feeds import __main__ as lab
from ops.lab.faults.feeds.server import FeedFault, FeedServer
from tests.support.feed_messages import NOW


def test_a_served_recording_has_faults_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "day.jsonl"
    recording.write_text(write(Recorded(NOW, "https://source.example/a?b=1", 200, b"x")) + "\n")
    stop = Event()
    stop.set()
    assert lab.serve(recording, 0, 0.5, 1, stop) == 0
    assert capsys.readouterr().out.strip().endswith("/a?b=1")
    with FeedServer(0, lambda: FeedFault.SERVER_ERROR) as server, pytest.raises(HTTPError, match="500"):
        urlopen(server.put("/a", b"x"), timeout=5)
    assert lab.main(["serve", str(tmp_path / "gone.jsonl")]) == 2
    recording.write_text("{}")
    assert lab.main(["serve", str(recording)]) == 2
    for share in ("2", "x"):
        with pytest.raises(SystemExit):
            lab.main(["serve", str(recording), "--faults", share])
