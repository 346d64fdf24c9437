"""Secrets in the data directory: whole, for one account, and never a short one."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.files import (
    fingerprint,
    held_secret,
    new_secret,
    previous_vapid_keys,
    secret_file,
    secret_path,
    setting_of,
)
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


def test_a_secret_that_was_copied_open_to_all_is_closed(tmp_path: Path) -> None:
    path = secret_path(SecretName.PEPPER, Settings(data_dir=tmp_path))
    path.parent.mkdir()
    path.write_bytes(b"sixteen letters!")
    path.chmod(0o644)
    assert held_secret(SecretName.PEPPER, Settings(data_dir=tmp_path)) == b"sixteen letters!"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("name", list(SecretName))
def test_looking_for_a_secret_makes_none(tmp_path: Path, name: SecretName) -> None:
    assert held_secret(name, Settings(data_dir=tmp_path / "var")) is None
    assert not list(tmp_path.iterdir())


def test_the_pepper_of_the_settings_comes_before_that_of_the_directory(tmp_path: Path) -> None:
    path = secret_path(SecretName.PEPPER, Settings(data_dir=tmp_path))
    made = secret_file(path, new_secret(SecretName.PEPPER))
    assert len(made) == 43
    assert held_secret(SecretName.PEPPER, Settings(data_dir=tmp_path)) == made
    settings = Settings(data_dir=tmp_path, key_pepper="pepper of the tests")
    assert held_secret(SecretName.PEPPER, settings) == b"pepper of the tests"
    assert setting_of(SecretName.PEPPER, settings) == "WARN_KEY_PEPPER"


def test_a_vapid_key_comes_from_a_file_that_is_named_or_from_the_settings(tmp_path: Path) -> None:
    pem, file = new_secret(SecretName.VAPID), tmp_path / "key.pem"
    file.write_bytes(pem)
    by_file = Settings(data_dir=tmp_path, vapid_key=file)
    by_text = Settings(data_dir=tmp_path, vapid_pem=pem.decode())
    assert held_secret(SecretName.VAPID, by_file) == held_secret(SecretName.VAPID, by_text) == pem
    assert [setting_of(SecretName.VAPID, one) for one in (by_file, by_text)] == [
        "WARN_VAPID_KEY", "WARN_VAPID_PEM",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match="both set"):
        held_secret(SecretName.VAPID, Settings(vapid_key=file, vapid_pem=pem.decode()))
    assert len(fingerprint(SecretName.VAPID, pem)) == 87, "the public key as browsers take it"
    assert str(pem) not in fingerprint(SecretName.VAPID, pem)


@pytest.mark.parametrize(
    "bad", [b"", b"no PEM", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_vapid_key_is_refused_with_its_place(tmp_path: Path, bad: bytes) -> None:
    path = secret_path(SecretName.VAPID, Settings(data_dir=tmp_path))
    path.parent.mkdir()
    path.write_bytes(bad)
    with pytest.raises(SettingsError, match=r"vapid\.pem"):
        held_secret(SecretName.VAPID, Settings(data_dir=tmp_path))
    with pytest.raises(SettingsError, match="WARN_VAPID_KEY"):
        held_secret(SecretName.VAPID, Settings(vapid_key=path))


@pytest.mark.parametrize("content", [b"", b"\n", b"fifteen letters", b" " * 40])
def test_a_short_pepper_in_the_directory_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys" / "pepper"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="no pepper") as refused:
        held_secret(SecretName.PEPPER, Settings(data_dir=tmp_path))
    assert str(path) in str(refused.value)
    assert not content.strip() or content.decode() not in str(refused.value)
    assert path.read_bytes() == content
    path.write_bytes(b"sixteen letters!")
    assert held_secret(SecretName.PEPPER, Settings(data_dir=tmp_path)) == b"sixteen letters!"


@pytest.mark.parametrize("name", list(SecretName))
def test_a_secret_that_others_may_have_written_is_refused_and_left(tmp_path: Path, name: SecretName) -> None:
    settings = Settings(data_dir=tmp_path)
    path = secret_path(name, settings)
    secret = secret_file(path, new_secret(name))
    for place, open_mode, closed in ((path.parent, 0o777, 0o700), (path, 0o666, 0o600), (path, 0o620, 0o600)):
        place.chmod(open_mode)
        with pytest.raises(SettingsError, match="chmod go-w"):
            held_secret(name, settings)
        assert mode(place) == open_mode, "whoever looks finds it as it was"
        place.chmod(closed)
    assert held_secret(name, settings) == secret


def test_a_secret_that_is_a_link_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    path = secret_path(SecretName.PEPPER, settings)
    path.parent.mkdir(parents=True, mode=0o700)
    other = tmp_path / "other"
    other.write_bytes(b"sixteen letters!")
    for target in (other, tmp_path / "nowhere"):
        path.symlink_to(target)
        with pytest.raises(SettingsError, match="link"):
            held_secret(SecretName.PEPPER, settings)
        path.unlink()


def test_vapid_keys_before_are_those_put_aside_and_those_of_the_settings(tmp_path: Path) -> None:
    path = secret_path(SecretName.VAPID, Settings(data_dir=tmp_path))
    pems = [new_secret(SecretName.VAPID) for _ in range(5)]
    secret_file(path, pems[0])
    for number, pem in ((1, pems[1]), (2, pems[2]), (10, pems[3])):
        secret_file(path.with_name(f"{path.name}.{number}"), pem)
    path.with_name(f"{path.name}.bak").write_bytes(b"no key")
    given = (pems[4] + b"\n" + pems[0]).decode()
    found = previous_vapid_keys(Settings(data_dir=tmp_path, vapid_previous_pem=given))
    assert [pem.strip() for pem in found.values()] == [
        pem.strip() for pem in (pems[4], pems[0], pems[3], pems[2], pems[1])
    ]
    assert list(found)[:3] == ["WARN_VAPID_PREVIOUS_PEM (1)", "WARN_VAPID_PREVIOUS_PEM (2)", f"{path}.10"]
    assert previous_vapid_keys(Settings(data_dir=tmp_path / "none")) == {}


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA",
    ],
)
def test_earlier_vapid_keys_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="WARN_VAPID_PREVIOUS_PEM"):
        previous_vapid_keys(Settings(data_dir=tmp_path, vapid_previous_pem=text))
    path = secret_path(SecretName.VAPID, Settings(data_dir=tmp_path))
    secret_file(path.with_name("vapid.pem.1"), text.encode())
    with pytest.raises(SettingsError, match=r"vapid\.pem\.1"):
        previous_vapid_keys(Settings(data_dir=tmp_path))
