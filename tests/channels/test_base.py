"""The contract's values: what an error comes to, and what it shows."""

import pytest

from channels import base
from channels.base import ChannelError, Consequence, DeliveryError, Receipt


@pytest.mark.parametrize(
    ("error", "consequence", "gateway_fault", "is_ours"),
    [
        (base.Gone, Consequence.REMOVE, False, False),
        (base.Permanent, Consequence.REJECT, False, False),
        (base.Expired, Consequence.EXPIRE, False, False),
        (base.Transient, Consequence.RETRY, True, False),
        (base.Absent, Consequence.RETRY, False, False),
        (base.Uncertain, Consequence.RETRY_UNCERTAIN, True, False),
        (base.RateLimited, Consequence.POSTPONE, False, False),
        (base.Unauthorized, Consequence.RETRY, False, False),
        (base.OwnKeyRefused, Consequence.RETRY, False, True),
        (base.OurKeyMissing, Consequence.RETRY, False, True),
        (base.Elsewhere, Consequence.RETRY, False, True),
        (base.NotMade, Consequence.RETRY, False, True),
        (base.AccountRefused, Consequence.RETRY, True, True),
    ],
)
def test_what_an_endpoints_error_comes_to(
    error: type[DeliveryError], consequence: Consequence, gateway_fault: bool, is_ours: bool
) -> None:
    assert (error.consequence, error.gateway_fault, error.is_ours) == (consequence, gateway_fault, is_ours)


@pytest.mark.parametrize(
    ("consequence", "is_attempt"),
    [
        (Consequence.REMOVE, True),
        (Consequence.REJECT, True),
        (Consequence.EXPIRE, False),
        (Consequence.RETRY, True),
        (Consequence.RETRY_UNCERTAIN, True),
        (Consequence.POSTPONE, False),
    ],
)
def test_what_counts_as_an_attempt(consequence: Consequence, is_attempt: bool) -> None:
    assert consequence.is_attempt is is_attempt


def test_every_consequence_is_named_above() -> None:
    assert len(Consequence) == 6


@pytest.mark.parametrize(
    ("error", "needs_person"),
    [
        (base.ChannelDown, False),
        (base.ChannelFault, False),
        (base.GatewayUnknown, False),
        (base.ChannelMisconfigured, True),
    ],
)
def test_which_error_of_a_gateway_needs_a_person(error: type[ChannelError], needs_person: bool) -> None:
    assert error.needs_person is needs_person
    raised = error("403", "refused", gateway="haupt")
    assert (raised.code, raised.detail, raised.gateway, str(raised)) == (
        "403",
        "refused",
        "haupt",
        "403 refused",
    )


def test_an_error_is_its_code_and_detail() -> None:
    error = base.RateLimited("429", "slow down", retry_after=7.5)
    assert (error.code, error.detail, error.retry_after, str(error)) == (
        "429",
        "slow down",
        7.5,
        "429 slow down",
    )
    assert str(base.Gone("410")) == "410"
    assert base.Gone("410").retry_after is None


def test_a_receipt_without_an_error_is_an_acceptance() -> None:
    assert Receipt(1).accepted
    assert not Receipt(1, base.Gone("410")).accepted


def test_urgencies_are_spelled_as_the_header_has_them() -> None:
    assert list(base.Urgency) == ["very-low", "low", "normal", "high"]  # RFC 8030 section 5.3
