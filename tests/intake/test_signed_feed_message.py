"""What a signature proves of a feed's message."""

from datetime import timedelta
from pathlib import Path

import pytest

import cap
from cap.signatures.signing import sign
from dispatcher.feeds.configuration import Feed
from dispatcher.model.vocabulary import Reason
from tests.support.feed_messages import NOW, update, warning
from tests.support.feed_world import World


@pytest.fixture
async def signed_feed(world: World, pair: tuple[bytes, bytes], tmp_path: Path) -> Feed:
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    return await world.feed(signature="required", certificates={"opendata@dwd.de": [str(pin)]})


async def test_what_a_pinned_certificate_proves_goes_out(
    world: World, signed_feed: Feed, pair: tuple[bytes, bytes]
) -> None:
    raw = sign(warning(1), *pair)
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.FIRST_NOTICE


async def test_what_was_changed_after_signing_waits(
    world: World, signed_feed: Feed, pair: tuple[bytes, bytes]
) -> None:
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.HELD


async def test_a_proof_that_was_not_demanded_may_still_fail(
    world: World, pair: tuple[bytes, bytes], tmp_path: Path
) -> None:
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    feed = await world.feed(certificates={"opendata@dwd.de": [str(pin)]})
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    assert (await world.take(feed, cap.parse(raw).alerts[0], raw)).reason is Reason.HELD
    assert (await world.take(feed, warning(2, event="STURM"))).reason is Reason.FIRST_NOTICE


async def test_what_is_no_document_of_its_own_proves_nothing(world: World, signed_feed: Feed) -> None:
    assert (await world.take(signed_feed, warning(1), b"{}")).reason is Reason.HELD


async def test_two_updates_of_one_warning_are_two_branches_in_any_order(world: World) -> None:
    feed = await world.feed()
    first = warning(1)
    for message in (first, update(3, first, sent=NOW + timedelta(minutes=20)), update(2, first)):
        await world.take(feed, message)
    assert await world.reasons() == ["first_notice", "update", "update"]
    assert [row["stopped_by"] is None for row in await world.rows()] == [False, True, True]


async def test_a_message_that_names_itself_is_not_outdated_by_itself(world: World) -> None:
    feed = await world.feed()
    await world.take(feed, update(1, warning(1), sent=NOW))
    await world.take(feed, update(1, warning(1), sent=NOW, headline="neu"))
    assert await world.reasons() == ["update", "update"]
