"""Whose fault it is that requests could not be made."""

import pytest

from channels.crashes import is_ours


@pytest.mark.parametrize(
    ("crashes", "made", "proven", "ours"),
    [
        (["UnicodeEncodeError"] * 20, False, True, True),
        (["UnicodeEncodeError"] * 2, False, False, True),
        (["ValueError"], False, False, True),  # the first record of a channel that never worked
        (["ValueError"], False, True, False),  # it worked before: the record is odd
        (["ValueError"], True, False, False),
        (["ValueError"] * 19, True, True, False),  # the twentieth could be sent to
        (["ValueError", "TypeError"], False, False, False),
        ([], False, False, False),
    ],
)
def test_what_stops_everybody_in_the_same_way_is_ours(
    crashes: list[str], made: bool, proven: bool, ours: bool
) -> None:
    assert is_ours(crashes, made=made, proven=proven) is ours
