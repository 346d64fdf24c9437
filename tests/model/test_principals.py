"""Who the record knows by a key."""

import pytest

from dispatcher.model.principals import Source


@pytest.mark.parametrize(
    ("territory", "ags", "allowed"),
    [
        (("05358",), "05358008", True),
        (("05358",), "05334002", False),
        (("05334002", "05358"), "05334002", True),
        ((), "05358008", False),
    ],
)
def test_a_source_may_warn_within_its_territory_only(
    territory: tuple[str, ...], ags: str, allowed: bool
) -> None:
    assert Source("s", "S", frozenset(), territory).may_warn(ags) is allowed
