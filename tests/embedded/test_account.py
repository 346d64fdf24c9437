import os
import pwd
import stat
from pathlib import Path
from typing import Any

import pytest

from dispatcher.embedded.account import (
    READ,
    SEARCH,
    UNNAMED,
    Account,
    account_with_name,
    former_account,
    hand_over,
    missing_bits,
    own_directory,
    permit,
    permit_tree,
    permit_way,
    private_directory,
    server_account,
)
from dispatcher.embedded.errors import EmbeddedError

STRANGER = Account(uid=54321, gid=54321)
NOBODY = Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_root_the_servers_run_as_the_caller(tmp_path: Path) -> None:
    assert server_account(tmp_path, euid=1000) is None


def test_root_hands_new_data_to_an_account_that_nobody_has(tmp_path: Path) -> None:
    account = server_account(tmp_path / "new", euid=0)
    assert account is not None
    assert account.uid == account.gid
    assert account.uid in UNNAMED


def test_numbers_that_are_taken_are_passed_over_and_none_left_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.embedded.account.UNNAMED", range(2))  # root and daemon
    with pytest.raises(EmbeddedError, match="a number between 0 and 1 that belongs to no account"):
        server_account(tmp_path / "new", euid=0)
    monkeypatch.setattr("dispatcher.embedded.account.UNNAMED", [0, UNNAMED[7]])
    assert server_account(tmp_path / "new", euid=0) == Account(UNNAMED[7], UNNAMED[7])


def test_a_program_that_insists_on_a_name_gets_one() -> None:
    daemon = Account(1, 1)
    assert account_with_name(None) is None
    assert account_with_name(daemon) == daemon
    assert account_with_name(Account(UNNAMED[0], UNNAMED[0])) == NOBODY


@as_root
def test_data_stay_with_their_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, STRANGER.uid, STRANGER.gid)
    assert server_account(tmp_path, euid=0) == STRANGER


@as_root
def test_data_left_to_root_get_the_account_of_new_data(tmp_path: Path) -> None:
    assert server_account(tmp_path, euid=0) == server_account(tmp_path / "new", euid=0)


@as_root
def test_data_of_nobody_are_its_own_unless_they_lie_in_a_directory_of_root(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for path in (data, tmp_path):
        os.chown(path, NOBODY.uid, NOBODY.gid)
    assert former_account(data) is None
    assert server_account(data, euid=0) == NOBODY
    os.chown(tmp_path, 0, 0)
    assert former_account(data) == NOBODY
    assert server_account(data, euid=0) == server_account(tmp_path / "new", euid=0)


@as_root
def test_what_is_handed_over_is_what_the_former_owner_had_and_no_link(tmp_path: Path) -> None:
    elsewhere, top = tmp_path / "elsewhere", tmp_path / "data"
    (top / "below").mkdir(parents=True)
    for file in (elsewhere, top / "below" / "file"):
        file.touch()
    (top / "hard").hardlink_to(elsewhere)
    (top / "soft").symlink_to(elsewhere)
    os.mkfifo(top / "pipe")
    for path in (top, top / "below", top / "below" / "file", top / "pipe"):
        os.chown(path, NOBODY.uid, NOBODY.gid)
    hand_over(top, NOBODY, STRANGER)
    assert elsewhere.stat().st_uid == 0
    for path in (top, top / "below", top / "below" / "file", top / "pipe"):
        assert (path.stat().st_uid, path.stat().st_gid) == (STRANGER.uid, STRANGER.gid), path


@pytest.mark.parametrize(
    "account", [None, pytest.param(STRANGER, marks=as_root)], ids=["of the caller", "of another account"]
)
def test_a_directory_of_the_caller_lets_the_account_pass_and_nobody_else(
    tmp_path: Path, account: Account | None
) -> None:
    tmp_path.chmod(0o755)
    own_directory(tmp_path, account)
    assert mode(tmp_path) == (0o710 if account else 0o700)
    assert tmp_path.stat().st_uid == os.geteuid()
    assert account is None or tmp_path.stat().st_gid == account.gid


@pytest.mark.parametrize(
    ("mode", "owner", "wanted", "missing"),
    [
        (0o700, Account(0, 0), SEARCH, 0o001),
        (0o701, Account(0, 0), SEARCH, 0o000),
        (0o755, Account(0, 0), READ | SEARCH, 0o000),
        (0o600, Account(0, 0), READ | SEARCH, 0o005),
        (0o700, Account(0, STRANGER.gid), SEARCH, 0o010),
        (0o705, Account(0, STRANGER.gid), SEARCH, 0o010),  # the group's bits count, not those of others
        (0o077, Account(STRANGER.uid, 0), SEARCH, 0o100),
        (0o700, STRANGER, READ | SEARCH, 0o000),
    ],
)
def test_missing_bits_are_those_of_the_class_that_counts(
    mode: int, owner: Any, wanted: Any, missing: int
) -> None:
    assert missing_bits(mode, owner, STRANGER, wanted) == missing


def test_only_closed_directories_on_the_way_are_opened_and_only_for_search(tmp_path: Path) -> None:
    closed, listed = tmp_path / "closed", tmp_path / "closed" / "listed"
    listed.mkdir(parents=True)
    listed.chmod(0o755)
    closed.chmod(0o700)
    permit_way(listed / "data", STRANGER)
    assert mode(closed) == 0o701
    assert mode(listed) == 0o755


def test_a_program_tree_becomes_readable_and_what_its_owner_runs_runnable(tmp_path: Path) -> None:
    tree = tmp_path / "wheel"
    (tree / "bin").mkdir(parents=True)
    program, notes = tree / "bin" / "server", tree / "notes"
    for path, bits in ((program, 0o700), (notes, 0o600), (tree / "bin", 0o700), (tree, 0o700)):
        path.touch()
        path.chmod(bits)
    permit_tree(tree, STRANGER)
    assert [mode(path) for path in (tree, tree / "bin", program, notes)] == [0o705, 0o705, 0o705, 0o604]
    assert mode(tmp_path) & stat.S_IXOTH


def test_what_cannot_be_opened_is_named() -> None:
    with pytest.raises(EmbeddedError, match="/proc/self is closed to the account"):
        permit(Path("/proc/self"), STRANGER, wanted=0o2)


def test_a_private_directory_is_the_callers_alone(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir(mode=0o755)
    assert private_directory(path, None) == path
    assert mode(path) == 0o700
    assert path.stat().st_uid == os.geteuid()


@as_root
def test_a_private_directory_is_given_to_the_account(tmp_path: Path) -> None:
    path = private_directory(tmp_path / "run", STRANGER)
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (STRANGER.uid, STRANGER.gid, 0o700)
    assert private_directory(path, STRANGER) == path


@as_root
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, STRANGER.uid + 1, 0)
    with pytest.raises(EmbeddedError, match=f"belongs to another user \\(uid {STRANGER.uid + 1}\\)"):
        private_directory(tmp_path, STRANGER)


def test_a_link_in_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to("elsewhere")
    with pytest.raises(EmbeddedError, match="run"):
        private_directory(tmp_path / "run", None)
