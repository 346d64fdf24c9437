"""What went to too many to be counted is let be for a while."""

from dispatcher.api.situation.uncounted import UncountedPlaces


def test_what_could_not_be_counted_is_given_up_for_a_minute() -> None:
    now = 0.0
    uncounted = UncountedPlaces(lambda: now)
    uncounted.add("many")
    now = 59.9
    assert "many" in uncounted
    assert "few" not in uncounted
    now = 60.0
    assert "many" not in uncounted
