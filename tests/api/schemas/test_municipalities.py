"""What is said of municipalities, and of what led to none."""

from dispatcher.api.schemas.municipalities import municipality_body, unmatched_body
from tests.api.schemas.values import LOST, LOST_BODY, PLACE, PLACE_BODY


def test_a_share_is_shown_with_four_digits() -> None:
    assert municipality_body(PLACE).model_dump() == PLACE_BODY


def test_what_led_nowhere_is_said_in_both_languages() -> None:
    assert unmatched_body(LOST).model_dump() == LOST_BODY
