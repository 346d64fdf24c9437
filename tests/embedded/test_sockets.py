from pathlib import Path

import pytest

from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.sockets import LONGEST_PATH, socket_directory

TEMP = Path("/tmp")


def directory_of(length: int) -> Path:
    """A directory in which the socket `s` has a path of this many bytes."""
    return Path("/" + "d" * (length - len("//s")))


def test_the_longest_path_that_fits_is_used() -> None:
    preferred = directory_of(LONGEST_PATH)
    assert socket_directory(preferred, "s", temp_dir=TEMP) == preferred


def test_a_longer_path_gives_way_to_a_short_one() -> None:
    chosen = socket_directory(directory_of(LONGEST_PATH + 1), "s", temp_dir=TEMP)
    assert chosen.parent == TEMP
    assert len(str(chosen / "s")) <= LONGEST_PATH


@pytest.mark.parametrize("name", ["with space", "Düren", "a?b", "50%"])
def test_a_path_that_urls_would_quote_gives_way(name: str) -> None:
    assert socket_directory(Path("/srv") / name, "s", temp_dir=TEMP).parent == TEMP


def test_the_short_directory_is_the_same_after_a_restart_and_differs_between_data_directories() -> None:
    first, again, other = (
        socket_directory(Path("/srv") / name, "s", temp_dir=TEMP) for name in ("a b", "a b", "a c")
    )
    assert first == again
    assert first != other


def test_no_usable_place_is_an_error_that_says_so() -> None:
    with pytest.raises(EmbeddedError, match="no place for the socket s"):
        socket_directory(Path("/srv/a b"), "s", temp_dir=directory_of(LONGEST_PATH))
