"""Proof by signature, and what nobody foresaw."""

from datetime import timedelta

import pytest

import cap
from cap.signatures.signing import sign
from dispatcher.feeds.configuration import feed_of
from dispatcher.feeds.details import Details
from dispatcher.feeds.fetch import Fetched, FetchError
from dispatcher.model.vocabulary import Reason
from tests.feeds.material import NOW, archive, update, warning


@pytest.fixture
async def signed_feed(world, pair, tmp_path):
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    return await world.feed(signature="required", certificates={"opendata@dwd.de": [str(pin)]})


async def test_what_a_pinned_certificate_proves_goes_out(world, signed_feed, pair):
    raw = sign(warning(1), *pair)
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.FIRST_NOTICE


async def test_what_was_changed_after_signing_waits(world, signed_feed, pair):
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.HELD


async def test_a_proof_that_was_not_demanded_may_still_fail(world, pair, tmp_path):
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    feed = await world.feed(certificates={"opendata@dwd.de": [str(pin)]})
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    assert (await world.take(feed, cap.parse(raw).alerts[0], raw)).reason is Reason.HELD
    assert (await world.take(feed, warning(2, event="STURM"))).reason is Reason.FIRST_NOTICE


async def test_what_is_no_document_of_its_own_proves_nothing(world, signed_feed):
    assert (await world.take(signed_feed, warning(1), b"{}")).reason is Reason.HELD


async def test_an_older_update_of_the_same_warning_comes_late(world):
    feed = await world.feed()
    first = warning(1)
    for message in (first, update(3, first, sent=NOW + timedelta(minutes=20)), update(2, first)):
        await world.take(feed, message)
    assert await world.reasons() == ["first_notice", "update", "superseded"]


async def test_a_message_that_names_itself_is_not_outdated_by_itself(world):
    feed = await world.feed()
    await world.take(feed, update(1, warning(1), sent=NOW))
    await world.take(feed, update(1, warning(1), sent=NOW, headline="neu"))
    assert await world.reasons() == ["update", "update"]


async def test_an_empty_document_behind_a_link_is_none(world):
    class Client:
        async def get(self, *_arguments):
            from channels.http.messages import Answer

            return Answer(200)

    feed = await world.feed()
    with pytest.raises(FetchError, match="empty"):
        await Details(Client(), world.metrics, world.clock).get(feed, "https://x.example/")
    assert Fetched(None).requests == 1


class Clumsy:
    """An adapter with a mistake."""

    def __init__(self, adapter, *, at):
        self.adapter, self.at = adapter, at

    def listing(self, body, url):
        if self.at == "listing":
            raise ZeroDivisionError
        return self.adapter.listing(body, url)

    def read(self, entry, parts):
        raise ZeroDivisionError


@pytest.mark.parametrize(("at", "code"), [("listing", "not-cap"), ("read", "unforeseen")])
async def test_a_mistake_in_an_adapter_loses_nothing(world, at, code):
    from dataclasses import replace

    feed = await world.feed()
    clumsy = replace(feed, adapter=Clumsy(feed.adapter, at=at))
    await world.list(clumsy, archive(warning(1)))
    assert [one.code for one in await world.quarantine.listed("dwd")] == [code]
    assert feed_of(feed.settings).name == "dwd"
