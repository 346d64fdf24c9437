"""Keys that apps have of their own sign soon after they are on record; one that is none hurts its app alone."""

from collections.abc import Sequence

from channels.webpush.vapid import VapidKeys, VapidSigner, generate_key
from dispatcher.model.principals import ChannelCredential
from dispatcher.worker.instance_keys import InstanceKeys

SUBJECT = "mailto:leitstelle@kreis-dueren.de"


class Kept:
    """Credentials as the record would give them."""

    def __init__(self) -> None:
        self.found: list[tuple[ChannelCredential, bytes]] = []
        self.away = False

    async def webpush(self) -> Sequence[tuple[ChannelCredential, bytes]]:
        if self.away:
            raise ConnectionRefusedError
        return self.found

    def add(self, pem: bytes, instance: str = "dueren", subject: str = "") -> str:
        public = VapidSigner(pem, SUBJECT).public_key
        self.found.append((ChannelCredential(instance, "webpush", public, subject), pem))
        return VapidSigner(pem, SUBJECT).name


async def test_what_is_on_record_signs_and_what_is_no_more_does_not() -> None:
    vapid, kept = VapidKeys(VapidSigner(generate_key(), SUBJECT)), Kept()
    keys = InstanceKeys(vapid, kept.webpush, SUBJECT)
    await keys.look()
    assert not vapid.several
    name = kept.add(generate_key())
    await keys.look()
    (signer,) = vapid.candidates(name)
    assert (signer.name, vapid.is_own(name)) == (name, True)
    await keys.look()
    assert vapid.candidates(name) == (signer,), "with the signatures that it has made"
    kept.away = True
    await keys.look()
    assert vapid.is_own(name), "an outage of the record takes nothing"
    kept.away, kept.found = False, []
    await keys.look()
    assert not vapid.is_own(name)


async def test_a_key_that_is_none_hurts_its_app_alone() -> None:
    vapid, kept = VapidKeys(VapidSigner(generate_key(), SUBJECT)), Kept()
    kept.found.append((ChannelCredential("juelich", "webpush", "Bwrong"), b"no key"))
    name = kept.add(generate_key(), subject="mailto:app@stolberg.de")
    keys = InstanceKeys(vapid, kept.webpush, SUBJECT)
    for _ in range(2):
        await keys.look()
    assert vapid.is_own(name)
