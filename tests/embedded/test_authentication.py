import hashlib
import os
import pwd
import stat
from pathlib import Path

import pytest

from dispatcher.embedded.account import Account
from dispatcher.embedded.authentication import (
    HOST_BASED_AUTHENTICATION,
    access_list,
    identity_map,
    kept_secret,
    own_accounts,
    secret_of,
    write_file,
)
from dispatcher.embedded.errors import EmbeddedError


def test_every_connection_is_judged_by_whose_process_it_is() -> None:
    (line,) = HOST_BASED_AUTHENTICATION.splitlines()
    assert line.split()[:4] == ["local", "all", "all", "peer"]


def test_only_the_named_accounts_may_be_the_role() -> None:
    assert identity_map(["root", "warn-dienst"], "postgres", "dispatcher").splitlines() == [
        'dispatcher "root" "postgres"',
        'dispatcher "root" "dispatcher"',
        'dispatcher "warn-dienst" "postgres"',
        'dispatcher "warn-dienst" "dispatcher"',
    ]


@pytest.mark.parametrize("name", ["", "/^.*$", 'a"b', "a b", "a\nb", "a\\b"])
def test_a_name_that_would_say_something_else_is_refused(name: str) -> None:
    with pytest.raises(EmbeddedError, match="run as another user"):
        identity_map([name], "postgres")


def test_this_account_and_root_are_let_in() -> None:
    assert own_accounts() == list(
        dict.fromkeys([pwd.getpwuid(0).pw_name, pwd.getpwuid(os.geteuid()).pw_name])
    )


def test_the_access_list_holds_the_hash_of_the_secret_and_shuts_out_everybody_else() -> None:
    default, own = access_list("dispatcher", "drawn").splitlines()
    assert default == "user default reset off"
    assert f"#{hashlib.sha256(b'drawn').hexdigest()}" in own.split()
    assert "drawn" not in own


def test_a_secret_is_drawn_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    assert secret_of(file) == ""
    secret = kept_secret(file)
    assert len(secret) == 43  # 32 bytes in base64
    assert kept_secret(file) == secret_of(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_secret(tmp_path / "another") != secret


def test_a_secret_that_cannot_be_read_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"closed to this account .*run as the one that runs the service"):
        secret_of(tmp_path)


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_a_file_is_replaced_as_a_whole_and_read_by_its_readers_group(tmp_path: Path, mask: int) -> None:
    file, elsewhere = tmp_path / "users.acl", tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    file.symlink_to(elsewhere)
    before = os.umask(mask)
    try:
        write_file(file, "new", Account(os.geteuid(), os.getegid()))
    finally:
        os.umask(before)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    assert elsewhere.read_text() == "untouched"
