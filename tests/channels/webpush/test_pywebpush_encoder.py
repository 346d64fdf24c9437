"""The independent encoder: the same recipient reads it, and the same keys are unusable."""

import pytest

from channels.base import Endpoint, Permanent
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from tests.channels.webpush.subscription import SUBSCRIPTION, UNUSABLE, decrypt


def test_pywebpush_encodes_what_the_same_recipient_reads() -> None:
    assert decrypt(PywebpushEncoder()(b"flood", SUBSCRIPTION)) == b"flood"


@pytest.mark.parametrize(("keys", "code"), UNUSABLE)
def test_unusable_keys_are_named_and_not_shown(keys: dict[str, str], code: str) -> None:
    with pytest.raises(Permanent) as caught:
        PywebpushEncoder()(b"flood", Endpoint(1, "https://push.example/token", keys))
    assert caught.value.code == code
    assert not any(value in str(caught.value) for value in keys.values())
