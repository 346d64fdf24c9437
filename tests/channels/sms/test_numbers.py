"""What is a phone number."""

import pytest

from channels.base import Permanent
from channels.sms.numbers import check_number

NUMBER = "+4915100000001"


@pytest.mark.parametrize("number", [NUMBER, "+12025550123", "+35312345678"])
def test_numbers_in_e164_pass(number: str) -> None:
    check_number(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "015112345678",
        "+49 151 12345678",
        "+0151234567",
        "+4915",
        "+49151234567890123",
        "+٤٩١٥١٢٣٤٥٦٧",
        NUMBER + "\n",
    ],
)
def test_other_numbers_do_not(number: str) -> None:
    with pytest.raises(Permanent, match="number_invalid"):
        check_number(number)
