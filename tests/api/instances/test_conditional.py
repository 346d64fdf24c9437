"""Who has the same already gets a 304."""

import pytest

from dispatcher.api.instances.conditional import is_known, weak_tag

TAG = weak_tag(b"x")


def test_a_tag_is_weak_and_of_the_content() -> None:
    assert TAG.startswith('W/"')
    assert TAG == weak_tag(b"x") != weak_tag(b"y")


@pytest.mark.parametrize(
    "named",
    [
        [TAG],
        [TAG.removeprefix("W/")],
        [f'"other", {TAG}'],
        ['"other"', TAG],
        ["*"],
        [" * "],
        [f'"a,b",{TAG},W/"c"'],
    ],
)
def test_a_tag_that_is_named_is_known(named: list[str]) -> None:
    assert is_known(named, TAG)


@pytest.mark.parametrize(
    "named", [[], [""], ['"other"'], [TAG.strip('W/"')], [TAG[:-2] + '"'], ["**"], ['"*"']]
)
def test_any_other_is_not(named: list[str]) -> None:
    assert not is_known(named, TAG)
