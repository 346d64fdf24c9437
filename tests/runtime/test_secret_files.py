"""Secrets in the data directory: whole, for one account, and never a short one."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dispatcher.runtime.secret_files import key_pepper, secret_file
from dispatcher.settings import Settings, SettingsError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "keys" / "secret"
    assert secret_file(path, b"first") == b"first"
    assert secret_file(path, b"second") == b"first"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


def test_a_directory_that_others_may_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o755)
    path.write_bytes(b"old")
    assert secret_file(path, b"new") == b"old"
    assert mode(path.parent) == 0o700


def test_of_many_who_make_it_at_once_all_get_the_same_and_all_of_it(tmp_path: Path) -> None:
    secrets = [str(number).encode() * 100_000 for number in range(8)]
    for attempt in range(5):
        path = tmp_path / str(attempt) / "secret"
        with ThreadPoolExecutor(len(secrets)) as pool:
            got = set(pool.map(lambda secret, path=path: secret_file(path, secret), secrets))
        assert len(got) == 1
        assert got <= set(secrets)


def test_what_a_process_left_that_stopped_half_way_is_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    path.parent.mkdir()
    (path.parent / ".secret.0123456789abcdef").write_bytes(b"ha")
    assert secret_file(path, b"whole") == b"whole"


def test_the_pepper_of_the_settings_comes_before_that_of_the_directory(tmp_path: Path) -> None:
    made = key_pepper(Settings(data_dir=tmp_path))
    assert len(made) == 43
    assert key_pepper(Settings(data_dir=tmp_path)) == made
    assert key_pepper(Settings(data_dir=tmp_path, key_pepper="pepper of the tests")) == b"pepper of the tests"


@pytest.mark.parametrize("content", [b"", b"\n", b"fifteen letters", b" " * 40])
def test_a_short_pepper_in_the_directory_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys" / "pepper"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="no pepper") as refused:
        key_pepper(Settings(data_dir=tmp_path))
    assert str(path) in str(refused.value)
    assert not content.strip() or content.decode() not in str(refused.value)
    assert path.read_bytes() == content
    path.write_bytes(b"sixteen letters!")
    assert key_pepper(Settings(data_dir=tmp_path)) == b"sixteen letters!"
