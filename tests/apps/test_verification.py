"""A receiver is proven: what it has to accept, and what it has to refuse."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

import cap
from cap.signatures.verification import Verdict, verify
from channels.app.channel import LIMITS, App
from channels.base import Permanent
from channels.http.client import HttpClient
from dispatcher.api.instances.bodies import NoticeBody
from dispatcher.apps.samples import SENDER
from dispatcher.apps.verification import (
    AGE,
    CAP_CHECKS,
    FORGED,
    LARGE_MESSAGE,
    NOTICE_CHECKS,
    OF_CAP_ALONE,
    PROMPT_S,
    AnswerVerdict,
    Check,
    ReceiverVerification,
    Tried,
    Verified,
    verdict_of,
)
from dispatcher.boundaries.municipalities import Boundaries
from tests.channels.far_side import FarSide, answer, far_side, reset
from tests.support.messages import DUEREN

SECRET = "whsec_" + b64encode(b"g" * 32).decode()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def verified(client_for: Callable[..., HttpClient], boundaries: Boundaries) -> Any:
    """Verifies what answers at a far side."""

    async def verified(side: FarSide, seconds: float = 0.0) -> dict[Check, Verified]:
        client, ticks = client_for(side.origin), iter(range(10_000))

        def channel(clock: Callable[[], datetime]) -> App:
            return App(client, now=clock)

        verification = ReceiverVerification(channel, boundaries, now, lambda: next(ticks) * seconds)
        found = await verification.run(Tried(f"{side.origin}/w", SECRET, [DUEREN], "de"))
        assert [one.check for one in found] == list(NOTICE_CHECKS), "each once, in their order"
        return {one.check: one for one in found}

    return verified


async def test_who_accepts_everything_lets_anybody_warn(verified: Any) -> None:
    async with far_side() as side:
        side.react = answer(204)
        found = await verified(side)
        assert {check: one.verdict for check, one in found.items()} == {
            check: AnswerVerdict.NOT_REFUSED if check in FORGED else AnswerVerdict.PASSED
            for check in NOTICE_CHECKS
        }
        sent = dict(zip(NOTICE_CHECKS, side.seen, strict=True))
    whole = [one for check, one in sent.items() if check not in FORGED]
    for one in whole:
        Webhook(SECRET).verify(one.body, one.headers)
        NoticeBody.model_validate({k: v for k, v in json.loads(one.body).items() if k != "new_member"})
        assert json.loads(one.body)["test"] is True
    assert sent[Check.NOTICE].body == sent[Check.REPEAT].body
    ids = [one.headers["webhook-id"] for one in side.seen]
    assert ids[0] == ids[1]
    assert len(set(ids)) == len(NOTICE_CHECKS) - 1, "all others are told apart"
    assert len(sent[Check.LARGEST].body) == LIMITS.payload_bytes
    assert sent[Check.TWO_SIGNATURES].headers["webhook-signature"].count("v1,") == 2
    order = [json.loads(sent[check].body)["sequence"] for check in (Check.NOTICE, Check.OVERTAKEN, Check.END)]
    assert order == sorted(set(order))


async def test_each_forgery_is_one(verified: Any) -> None:
    """And by nothing but what it is called."""
    async with far_side() as side:
        side.react = answer(204)
        await verified(side)
        sent = dict(zip(NOTICE_CHECKS, side.seen, strict=True))
    right, other = Webhook(SECRET), sent[Check.WRONG_SECRET]
    for check in FORGED - OF_CAP_ALONE:
        with pytest.raises(Exception, match=r"(?i)signature|timestamp|header"):
            right.verify(sent[check].body, sent[check].headers)
    assert "webhook-signature" not in sent[Check.NO_SIGNATURE].headers
    changed = sent[Check.CHANGED_BODY]
    right.verify(changed.body[:-1], changed.headers)
    assert json.loads(changed.body) == json.loads(sent[Check.NOTICE].body)
    old = int(sent[Check.REPLAYED].headers["webhook-timestamp"])
    assert old <= int(other.headers["webhook-timestamp"]) - AGE.total_seconds() + 60


async def test_a_receiver_of_cap_is_tried_with_messages_and_with_what_is_forged_of_them(
    client_for: Callable[..., HttpClient], boundaries: Boundaries
) -> None:
    certificates: list[bytes] = []

    @asynccontextmanager
    async def publish(certificate: bytes) -> AsyncIterator[None]:
        certificates.append(certificate)
        yield
        certificates.append(b"ended")

    async with far_side() as side:
        side.react = answer(204)
        client = client_for(side.origin)
        verification = ReceiverVerification(lambda clock: App(client, now=clock), boundaries, now)
        found = await verification.run_cap(Tried(f"{side.origin}/cap", SECRET, [DUEREN], "de"), publish)
        sent = dict(zip(CAP_CHECKS, side.seen, strict=True))
    assert [one.check for one in found] == list(CAP_CHECKS)
    assert {one.verdict for one in found if one.check in FORGED} == {AnswerVerdict.NOT_REFUSED}
    assert {one.verdict for one in found if one.check not in FORGED} == {AnswerVerdict.PASSED}
    certificate, end = certificates
    assert end == b"ended"
    right = Webhook(SECRET)

    def is_right(check: Check) -> bool:
        """As cap-receivers.md has it judged."""
        seen = sent[check]
        delivery, signature = (seen.headers[name] for name in ("alert-delivery", "alert-delivery-signature"))
        try:
            right.verify(seen.body, seen.headers, json_parse=False)
            right.verify(delivery, {**seen.headers, "webhook-signature": signature}, json_parse=False)
        except (WebhookVerificationError, KeyError):
            return False
        return verify(seen.body, {SENDER: [certificate]}, now()).verdict is Verdict.VALID

    assert {check for check in CAP_CHECKS if is_right(check)} == set(CAP_CHECKS) - FORGED
    for seen in sent.values():
        assert seen.headers["content-type"] == "application/cap+xml"
        (message,) = cap.parse(seen.body).alerts
        assert message.status is cap.Status.TEST
        assert json.loads(seen.headers["alert-delivery"])["test"] is True
    assert len(sent[Check.LARGEST].body) > LARGE_MESSAGE
    kinds = {check: json.loads(seen.headers["alert-delivery"]) for check, seen in sent.items()}
    assert [kinds[check]["kind"] for check in (Check.END, Check.OVERTAKEN)] == ["cancel", "update"]
    assert kinds[Check.END]["sequence"] > kinds[Check.OVERTAKEN]["sequence"] > kinds[Check.NOTICE]["sequence"]


@pytest.mark.parametrize(
    ("status", "accepted", "forged"),
    [
        (204, AnswerVerdict.PASSED, AnswerVerdict.NOT_REFUSED),
        (400, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.PASSED),
        (401, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.PASSED),
        (403, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.PASSED),
        (404, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.REFUSED_OTHERWISE),
        (410, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.REFUSED_OTHERWISE),
        (302, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.REFUSED_OTHERWISE),
        (500, AnswerVerdict.NOT_ACCEPTED, AnswerVerdict.REFUSED_OTHERWISE),
        (None, AnswerVerdict.UNANSWERED, AnswerVerdict.UNANSWERED),
    ],
)
def test_an_answer_is_judged_by_what_it_answers(
    status: int | None, accepted: AnswerVerdict, forged: AnswerVerdict
) -> None:
    for check in Check:
        assert verdict_of(check, status, PROMPT_S) == (forged if check in FORGED else accepted)


def test_a_right_answer_that_comes_late_is_not_enough() -> None:
    assert verdict_of(Check.NOTICE, 204, PROMPT_S + 0.001) is AnswerVerdict.SLOW
    assert verdict_of(Check.WRONG_SECRET, 401, PROMPT_S + 0.001) is AnswerVerdict.SLOW
    assert verdict_of(Check.WRONG_SECRET, 204, PROMPT_S + 0.001) is AnswerVerdict.NOT_REFUSED


async def test_who_refuses_all_or_breaks_off_or_is_slow_has_not_passed(verified: Any) -> None:
    async with far_side() as side:
        side.react = answer(401, {}, b"of the receiver's net")
        found = await verified(side)
        assert found[Check.NOTICE].verdict is AnswerVerdict.NOT_ACCEPTED
        assert found[Check.WRONG_SECRET].verdict is AnswerVerdict.PASSED
        assert "of the receiver" not in repr(found)
        side.react = reset
        broken = await verified(side)
        assert {one.verdict for one in broken.values()} == {AnswerVerdict.UNANSWERED}
        assert all(one.error and one.status is None for one in broken.values())
        side.react = answer(204)
        assert (await verified(side, seconds=6.0))[Check.NOTICE].verdict is AnswerVerdict.SLOW


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("http://app.example/w", SECRET, "url_not_https"),
        ("https://127.0.0.1/w", SECRET, "private_address"),
        ("https://app.example/w", "whsec_short", "secret_invalid"),
    ],
)
async def test_what_no_webhook_may_be_is_not_tried(
    client_for: Callable[..., HttpClient], boundaries: Boundaries, url: str, secret: str, code: str
) -> None:
    client = client_for()
    verification = ReceiverVerification(lambda clock: App(client, now=clock), boundaries, now)
    with pytest.raises(Permanent) as refused:
        verification.check(url, secret)
    assert refused.value.code == code
