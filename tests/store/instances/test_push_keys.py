"""The public keys of apps are known for a while, and then looked up anew."""

from typing import Any

from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.instances.push_keys import KNOWN_FOR_S, OwnPushKeys
from dispatcher.store.parties import Parties
from tests.store.conftest import PEPPER
from tests.store.instances.test_credentials import ANNA
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES


async def test_the_newest_is_given_soon_after_it_is_there(pool: Any) -> None:
    await Parties(pool).add(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}", PEPPER, ANNA)
    clock = [0.0]
    keys, credentials = OwnPushKeys(pool, lambda: clock[0]), InstanceCredentials(pool)
    assert await keys.get("dueren") is None
    for public in ("BFirst", "BSecond"):
        await credentials.put(ChannelCredential("dueren", "webpush", public), b"x", ADDRESSES, ANNA)
    await credentials.put(ChannelCredential("dueren", "fcm", "digest"), b"x", ADDRESSES, ANNA)
    assert await keys.get("dueren") is None, "whoever asks often asks the record no more"
    clock[0] += KNOWN_FOR_S
    assert (await keys.get("dueren"), await keys.get("nobody")) == ("BSecond", None)
