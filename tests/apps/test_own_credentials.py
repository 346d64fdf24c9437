"""What apps have of their own is made once and admitted when it changes; what it is, its kinds say."""

from collections.abc import Sequence

from structlog.testing import capture_logs

from dispatcher.apps.own_credentials import OwnCredentials
from dispatcher.model.principals import ChannelCredential


class Numbers(OwnCredentials[int]):
    task = "numbers"
    unusable = "number_unusable"

    def __init__(self, found: Sequence[tuple[ChannelCredential, bytes]]) -> None:
        super().__init__(self.opened)
        self.found = found
        self.admitted: list[list[int]] = []

    async def opened(self) -> Sequence[tuple[ChannelCredential, bytes]]:
        return self.found

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.instance_id, credential.fingerprint

    def _make(self, credential: ChannelCredential, plain: bytes) -> int:
        return int(plain)

    def _admit(self, made: Sequence[int]) -> None:
        self.admitted.append(list(made))


async def test_what_is_none_is_said_once_and_what_stays_is_admitted_once() -> None:
    numbers = Numbers(
        [(ChannelCredential("dueren", "sms", "a"), b"1"), (ChannelCredential("juelich", "sms", "b"), b"x")]
    )
    with capture_logs() as logs:
        for _ in range(3):
            await numbers.look()
    assert numbers.admitted == [[1]]
    assert [(one["event"], one["instance"]) for one in logs] == [("number_unusable", "juelich")]


async def test_what_was_put_last_comes_last_where_nothing_else_has_changed() -> None:
    one, two = ((ChannelCredential("dueren", "sms", name), name.encode()) for name in "12")
    numbers = Numbers([one, two])
    await numbers.look()
    numbers.found = [two, one]
    await numbers.look()
    numbers.found = [one, two, one]
    await numbers.look()
    assert numbers.admitted == [[1, 2], [2, 1]], "and where two apps have the same"
