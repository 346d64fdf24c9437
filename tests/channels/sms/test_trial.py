"""A message that is sent for show."""

import pytest

from channels.sms.http.carrier import HttpCarrier
from channels.sms.trial import TriedCarrier, masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+4915100000001", "+49xxxxxxxxx01"), ("4915100000001", "491xxxxxxxx01"), ("+1", "+1+1"), ("", "")],
)
def test_a_number_keeps_its_form_only(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_the_http_carrier_can_be_tried() -> None:
    assert issubclass(HttpCarrier, TriedCarrier)
