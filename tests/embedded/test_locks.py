import os
import threading
from pathlib import Path

from dispatcher.embedded.locks import lock_directory, lock_file


def test_a_directory_is_locked_once_and_free_again_when_closed(tmp_path: Path) -> None:
    held = lock_directory(tmp_path)
    assert held is not None
    assert lock_directory(tmp_path) is None
    os.close(held)
    again = lock_directory(tmp_path)
    assert again is not None
    os.close(again)


def test_a_lock_on_a_file_is_waited_for(tmp_path: Path) -> None:
    held = lock_file(tmp_path / "lock", patience=0.0)
    assert held is not None
    waiting = threading.Event()
    got: list[int | None] = []

    def wait() -> None:
        waiting.set()
        got.append(lock_file(tmp_path / "lock", patience=20.0))

    waiter = threading.Thread(target=wait)
    waiter.start()
    waiting.wait()
    os.close(held)
    waiter.join()
    assert got[0] is not None
    os.close(got[0])


def test_the_wait_for_a_lock_ends(tmp_path: Path) -> None:
    held = lock_file(tmp_path / "lock", patience=0.0)
    assert held is not None
    assert lock_file(tmp_path / "lock", patience=0.1) is None
    os.close(held)
