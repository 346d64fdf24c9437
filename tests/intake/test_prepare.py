"""A feed's message made ready to be judged: terms, language, municipalities, doubts."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cap
from cap.signatures.signing import sign
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.prepare import (
    CREDIT_LENGTH,
    FUTURE_TOLERANCE,
    LONGEST_LIFETIME,
    Incoming,
    Message,
    OnDoubt,
    Unusable,
    credit,
    feed_rules,
    prepare,
)
from dispatcher.model.vocabulary import AUTHENTICITY_DOUBTS, Doubt
from dispatcher.targeting.outcome import MatchProfile
from tests.support.decisions import message
from tests.support.feed_messages import (
    DUEREN,
    HANNOVER,
    HOUR,
    JUELICH,
    NOW,
    SENDER,
    cancel,
    dwd_id,
    update,
    warning,
)

RULES = feed_rules("dwd")
LATER = NOW + timedelta(minutes=1)
NOWHERE = (cap.Area("Nirgendwo"),)
ABROAD = (cap.Area("x", circles=(cap.Circle(48.1, 11.5, 5),)),)


def ready(alert: cap.Alert, boundaries: Boundaries, *, now: datetime = LATER, **rules: Any) -> Message:
    return prepare(Incoming(alert, b""), replace(RULES, **rules), boundaries, now)


def test_a_plain_warning_is_ready_without_a_doubt(boundaries: Boundaries) -> None:
    found = ready(warning(), boundaries)
    assert (found.sent, found.expires, found.doubts) == (NOW, NOW + 6 * HOUR, ())
    assert [(place.ags, place.reason) for place in found.places] == [(DUEREN, "geocode")]
    assert (found.ends, found.open_ended, found.target) == (False, False, b"")
    assert found.facts.key == dwd_id(1, "")
    raw, digest = found.render()
    assert cap.parse(raw).alerts[0].identifier == dwd_id(1)
    assert digest == hashlib.sha256(raw).digest()


@pytest.mark.parametrize(
    ("alert", "rules", "doubts"),
    [
        (warning(sent=LATER + FUTURE_TOLERANCE), {}, ()),
        (warning(sent=LATER + FUTURE_TOLERANCE + timedelta(seconds=1)), {}, (Doubt.CLOCK,)),
        (warning(expires=LATER + LONGEST_LIFETIME), {}, ()),
        (warning(expires=LATER + LONGEST_LIFETIME + timedelta(seconds=1)), {}, (Doubt.LIFETIME,)),
        (warning(expires=datetime(9998, 12, 31, tzinfo=UTC)), {}, (Doubt.LIFETIME,)),
        (warning(expires=LATER + 2 * HOUR), {"longest_lifetime": HOUR}, (Doubt.LIFETIME,)),
        (warning(lasts=None), {"longest_lifetime": HOUR}, ()),
        (warning(areas=NOWHERE), {}, (Doubt.AREA,)),
        (warning(areas=()), {}, (Doubt.AREA,)),
        (warning(infos=()), {}, (Doubt.AREA,)),
        (update(2, warning(), areas=(), sent=NOW), {}, (Doubt.AREA,)),
        (update(2, warning(), infos=(), sent=NOW), {}, ()),
        (cancel(2, warning(), infos=(), sent=NOW), {}, ()),
        (warning(areas=ABROAD), {}, ()),
        (warning(areas=ABROAD), {"profile": MatchProfile()}, (Doubt.AREA,)),
        (warning(areas=(*NOWHERE, *warning().infos[0].areas)), {}, ()),
        (warning(), {"senders": frozenset({"other@x.example"})}, (Doubt.SENDER,)),
        (warning(), {"senders": frozenset({SENDER})}, ()),
        (warning(), {"severities": frozenset({cap.Severity.MINOR})}, (Doubt.SEVERITY,)),
        (warning(), {"statuses": frozenset[cap.Status]()}, (Doubt.STATUS,)),
        (warning(status=cap.Status.EXERCISE), {"statuses": frozenset[cap.Status]()}, ()),
        (warning(), {"signature_required": True}, (Doubt.SIGNATURE,)),
        (
            warning(sent=NOW + HOUR, areas=NOWHERE),
            {
                "senders": frozenset({"x"}),
                "severities": frozenset[cap.Severity](),
                "signature_required": True,
            },
            (Doubt.SENDER, Doubt.SIGNATURE, Doubt.CLOCK, Doubt.AREA, Doubt.SEVERITY),
        ),
    ],
)
def test_every_doubt_and_its_limit(
    boundaries: Boundaries, alert: cap.Alert, rules: dict[str, Any], doubts: tuple[Doubt, ...]
) -> None:
    assert ready(alert, boundaries, **rules).doubts == doubts


@pytest.mark.parametrize("order", [1, -1])
def test_the_info_that_holds_longest_decides_also_beside_one_that_does_not_say(
    boundaries: Boundaries, order: int
) -> None:
    info = warning().infos[0]
    last = replace(info, language="en", expires=LATER + LONGEST_LIFETIME + HOUR)
    for other in (info, replace(info, expires=None)):
        both = replace(warning(), infos=(other, last)[::order])
        assert ready(both, boundaries).doubts == (Doubt.LIFETIME,)


def test_what_held_for_too_long_then_may_hold_for_as_long_now(boundaries: Boundaries) -> None:
    found = ready(warning(expires=LATER + LONGEST_LIFETIME + HOUR), boundaries)
    assert found.latest_end == LATER + LONGEST_LIFETIME
    now = found.at(LATER + HOUR, RULES)
    assert (now.doubts, now.latest_end) == ((), LATER + LONGEST_LIFETIME + HOUR)
    assert now.at(LATER, RULES).doubts == (Doubt.LIFETIME,)


def test_different_texts_for_different_places_wait(boundaries: Boundaries) -> None:
    info = warning().infos[0]
    elsewhere = warning(places=(JUELICH,)).infos[0].areas
    both = replace(warning(), infos=(info, replace(info, areas=elsewhere)))
    assert ready(both, boundaries).doubts == (Doubt.SEVERAL_TEXTS,)


def test_one_grave_info_is_enough_to_wait(boundaries: Boundaries) -> None:
    info = warning().infos[0]
    both = replace(
        warning(), infos=(replace(info, severity=cap.Severity.MINOR), replace(info, language="en"))
    )
    found = ready(both, boundaries, severities=frozenset({cap.Severity.MINOR}))
    assert found.doubts == (Doubt.SEVERITY,)


@pytest.mark.parametrize(
    ("territory", "places"),
    [((), [DUEREN, JUELICH]), ((JUELICH,), [JUELICH]), (("05358",), [DUEREN, JUELICH]), (("03",), [])],
)
def test_the_territory_is_a_filter_and_no_doubt(
    boundaries: Boundaries, territory: tuple[str, ...], places: list[str]
) -> None:
    found = ready(warning(places=(DUEREN, JUELICH)), boundaries, territory=territory)
    assert [place.ags for place in found.places] == places
    assert found.doubts == ()


def test_what_is_drawn_is_the_target_as_far_as_it_is_served(boundaries: Boundaries) -> None:
    drawn = warning(areas=(cap.Area("x", circles=(cap.Circle(50.8, 6.48, 1),)),))
    assert ready(drawn, boundaries).target
    assert ready(drawn, boundaries, territory=(HANNOVER,)).target == b""


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (warning(identifier=""), "identity-missing"),
        (warning(sender=""), "identity-missing"),
        (replace(warning(), sent=None), "identity-missing"),
    ],
)
def test_a_message_without_identity_cannot_be_used(
    boundaries: Boundaries, alert: cap.Alert, code: str
) -> None:
    with pytest.raises(Unusable) as caught:
        ready(alert, boundaries)
    assert caught.value.code == code
    assert caught.value.detail


def test_a_message_whose_status_nobody_can_read_cannot_be_used(boundaries: Boundaries) -> None:
    raw = cap.render(warning()).replace(b"<status>Actual</status>", b"<status>Vielleicht</status>")
    with pytest.raises(Unusable) as caught:
        ready(cap.parse(raw).alerts[0], boundaries)
    assert "status" in caught.value.code


def test_a_missing_language_is_the_feeds_own_and_others_stay(boundaries: Boundaries) -> None:
    info = warning().infos[0]
    mixed = replace(warning(), infos=(replace(info, language=None), replace(info, language="en")))
    found = ready(mixed, boundaries, default_language="fr")
    assert [one.language for one in found.alert.infos] == ["fr", "en"]


@pytest.mark.parametrize(
    ("alert", "open_ended", "expires"),
    [
        (warning(), False, NOW + 6 * HOUR),
        (warning(lasts=None), True, LATER + 3 * HOUR),
        (warning(infos=()), True, LATER + 3 * HOUR),
    ],
)
def test_a_message_without_an_end_gets_the_feeds_lifetime(
    boundaries: Boundaries, alert: cap.Alert, open_ended: bool, expires: datetime
) -> None:
    found = ready(alert, boundaries, default_lifetime=3 * HOUR)
    assert (found.open_ended, found.expires) == (open_ended, expires)


def test_a_cancel_and_a_lifted_warning_end(boundaries: Boundaries) -> None:
    lifted = update(2, warning(), headline="AUFHEBUNG der Amtlichen WARNUNG")
    assert [ready(one, boundaries).ends for one in (warning(), cancel(3, warning()), lifted)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        (cap.Reference(SENDER, dwd_id(1), NOW), False),
        (cap.Reference("", dwd_id(1), None), False),
        (cap.Reference(SENDER, dwd_id(1), NOW - HOUR), True),
        (cap.Reference("other@x.example", dwd_id(1), NOW), True),
        (cap.Reference(SENDER, dwd_id(2), NOW), True),
    ],
)
def test_nothing_refers_to_itself(boundaries: Boundaries, reference: cap.Reference, kept: bool) -> None:
    found = ready(replace(warning(), references=(reference,)), boundaries)
    assert found.references == ((reference,) if kept else ())


def test_what_a_profile_says_is_replaced_is_referred_to_as_well(boundaries: Boundaries) -> None:
    found = ready(update(2, warning()), boundaries)
    more = replace(found, facts=replace(found.facts, replaced=("urn:x", found.alert.identifier)))
    assert [one.identifier for one in more.references] == [dwd_id(1), "urn:x"]


def signed(alert: cap.Alert, pair: tuple[bytes, bytes], *, changed: bool = False) -> Incoming:
    raw = sign(alert, *pair)
    if changed:
        assert b"Starkregen" in raw
        raw = raw.replace(b"Starkregen", b"Sonnenschein")
    return Incoming(cap.parse(raw).alerts[0], raw)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("pinned", [True, False])
@pytest.mark.parametrize("changed", [True, False])
def test_a_signature_proves_only_with_a_pinned_certificate_and_unchanged(
    boundaries: Boundaries, pair: tuple[bytes, bytes], required: bool, pinned: bool, changed: bool
) -> None:
    """Where nobody pinned the sender and nothing is demanded, a signature is not looked at."""
    rules = replace(RULES, signature_required=required, pins={SENDER: (pair[1],)} if pinned else {})
    found = prepare(
        signed(warning(), pair, changed=changed), rules, boundaries, datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
    )
    proved = pinned and not changed
    doubted = required or pinned
    assert found.doubts == ((Doubt.SIGNATURE,) if doubted and not proved else ())


def test_only_what_the_signature_covers_is_believed(
    boundaries: Boundaries, pair: tuple[bytes, bytes]
) -> None:
    """The value that was read beside it may be of another reading of the same bytes."""
    true = signed(warning(), pair)
    other = replace(true, alert=replace(true.alert, infos=warning(1, headline="untergeschoben").infos))
    found = prepare(
        other, replace(RULES, signature_required=True, pins={SENDER: (pair[1],)}), boundaries, LATER
    )
    assert found.doubts == ()
    assert found.alert.infos[0].headline == warning().infos[0].headline


def test_credit_is_said_once_and_bounded(boundaries: Boundaries) -> None:
    found = ready(warning(), boundaries)
    own = found.facts.attribution[0]
    assert credit(found, RULES) == "; ".join(found.facts.attribution)
    assert credit(found, replace(RULES, attribution=own)) == "; ".join(found.facts.attribution)
    assert credit(found, replace(RULES, attribution="Kreis Düren")).endswith("; Kreis Düren")
    assert len(credit(found, replace(RULES, attribution="x" * 1000))) == CREDIT_LENGTH


def test_a_feed_is_a_source_by_its_name() -> None:
    assert RULES.source_id == "feed-dwd"
    assert RULES.feed == "dwd"
    assert RULES.on_doubt is OnDoubt.HOLD


# who wrote it, what it acts on, and when


def test_a_sender_that_the_source_may_carry_is_proved_and_any_other_is_not(boundaries: Boundaries) -> None:
    assert [
        ready(warning(), boundaries, senders=frozenset(senders)).proved
        for senders in ((), (SENDER,), ("other@x.example",))
    ] == [False, True, False]


def test_a_signature_proves_its_author(boundaries: Boundaries, pair: tuple[bytes, bytes]) -> None:
    rules = replace(RULES, pins={SENDER: (pair[1],)})
    for changed in (False, True):
        incoming = signed(warning(), pair, changed=changed)
        assert prepare(incoming, rules, boundaries, LATER).proved is not changed


@pytest.mark.parametrize(
    ("doubts", "doubtful"),
    [
        ((), False),
        (tuple(set(Doubt) - AUTHENTICITY_DOUBTS), False),
        *(((d,), True) for d in AUTHENTICITY_DOUBTS),
    ],
)
def test_only_doubts_about_the_author_or_the_time_take_the_power_away(
    doubts: tuple[Doubt, ...], doubtful: bool
) -> None:
    assert message(doubts=doubts).is_doubtful is doubtful


def test_only_updates_and_cancels_act_on_others() -> None:
    acting = {kind for kind in cap.MsgType if message(replace(warning(), msg_type=kind)).acts}
    assert acting == {cap.MsgType.UPDATE, cap.MsgType.CANCEL}


@pytest.mark.parametrize(
    ("alert", "places", "doubts", "may"),
    [
        (warning(), (DUEREN,), (), True),
        (warning(), (), (), False),
        (warning(), (), (Doubt.AREA,), True),
        (warning(areas=()), (), (), False),
        (cancel(2, warning()), (), (), False),
        (cancel(2, warning(), areas=()), (), (), True),
        (cancel(2, warning(), infos=()), (), (), True),
    ],
)
def test_a_message_may_concern_somebody_here_where_it_says_so_or_does_not_say(
    alert: cap.Alert, places: tuple[str, ...], doubts: tuple[Doubt, ...], may: bool
) -> None:
    assert message(alert, places=places, doubts=doubts).may_concern is may


def test_the_clock_and_the_validity_are_those_of_the_decision(boundaries: Boundaries) -> None:
    """Between its preparation and its decision a message may have waited, or the clocks differ."""
    found = ready(warning(lasts=None, areas=NOWHERE), boundaries)
    ahead = found.at(NOW - HOUR, RULES)
    assert (ahead.doubts, ahead.expires) == ((Doubt.AREA, Doubt.CLOCK), NOW + 11 * HOUR)
    assert ahead.at(NOW - FUTURE_TOLERANCE, RULES).doubts == (Doubt.AREA,)
    assert ahead.at(LATER, RULES) == found


@pytest.mark.parametrize(
    ("received", "judged_days", "proved"),
    [(None, 0, True), (None, 400, False), (0, 400, True), (400, 0, False)],
)
def test_a_signature_is_verified_as_of_the_receipt(
    boundaries: Boundaries, pair: tuple[bytes, bytes], received: int | None, judged_days: int, proved: bool
) -> None:
    """What was received while the certificate was in force stays proved, what came after its end is none."""
    at = None if received is None else LATER + timedelta(days=received)
    rules = replace(RULES, signature_required=True, pins={SENDER: (pair[1],)}, received_at=at)
    found = prepare(signed(warning(), pair), rules, boundaries, LATER + timedelta(days=judged_days))
    assert found.proved is proved
    assert (Doubt.SIGNATURE in found.doubts) is not proved
