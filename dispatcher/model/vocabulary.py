"""Define the service's own vocabulary: closed sets and small values that every layer shares.

CAP's words are in `cap`, the gateways' words in `channels`; here is what happens between them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Environment(StrEnum):
    """What a credential is for, and whatever was done with it. Nothing is of both, and nothing changes from one to the
    other.
    """

    LIVE = "live"
    EXERCISE = "exercise"


EXERCISE: Final = "Exercise"
"""CAP's status of exercises, as an alert of record has it. `cap` is not loaded for it: the desk starts at once."""


def environment_of(status: str) -> Environment:
    """Return the environment of a message by its CAP status: Exercise is of exercises. Test, System and Draft, which
    reach nobody wherever they come from, are of the live one.
    """
    return Environment.EXERCISE if status == EXERCISE else Environment.LIVE


API_PREFIX: Final[Mapping[Environment, str]] = {
    Environment.LIVE: "/v1",
    Environment.EXERCISE: "/exercise/v1",
}
"""What the paths of each environment begin with. All that is not below the prefix of exercises is live."""
_EXERCISE_ROOT: Final = API_PREFIX[Environment.EXERCISE] + "/"


def environment_of_path(path: str) -> Environment:
    """Return the environment of a path of the API."""
    return Environment.EXERCISE if path.startswith(_EXERCISE_ROOT) else Environment.LIVE


class Lane(StrEnum):
    """The urgency of an alert, by which one may overtake another. Each lane has its own queue and its own reserved
    concurrency.
    """

    FLASH = "flash"
    PRIORITY = "priority"
    ROUTINE = "routine"
    EXERCISE = "exercise"

    @property
    def rank(self) -> int:
        """The lane's position: rank 0 overtakes 1, which overtakes 2, and so on."""
        return _RANKS[self]


_RANKS: Final = {lane: rank for rank, lane in enumerate(Lane)}


class Kind(StrEnum):
    """What a recipient is notified of, which depends on what it was notified of before."""

    ALERT = "alert"
    """The first notice of this chain."""
    UPDATE = "update"
    NO_LONGER_AFFECTED = "no_longer_affected"
    """The warning goes on elsewhere, but this recipient's places are out of it."""
    CANCEL = "cancel"
    DELISTED = "delisted"
    """The source lists the warning no longer. Nobody has given the all-clear."""


class Reason(StrEnum):
    """Why an accepted alert is dispatched, or why it is not."""

    FIRST_NOTICE = "first_notice"
    UPDATE = "update"
    CANCEL = "cancel"
    ALL_CLEAR = "all_clear"
    """An Update whose every info says AllClear ends the warning like a Cancel."""
    LAPSED = "lapsed"
    """An Update whose validity is over when it comes: it ends what it replaces, and nobody gives an all-clear."""
    DRILL = "drill"
    """A control centre's exercise: it goes to those who want to take part, and has no effect on any warning."""
    DRILL_UPDATE = "drill_update"
    """An exercise that replaces another one."""
    DRILL_END = "drill_end"
    """The end of an exercise, for those whom it reached."""
    CANARY = "canary"
    """The service's own test alert, for its own canaries and nobody else."""
    NOT_ACTUAL = "not_actual"
    NOT_PUBLIC = "not_public"
    NOT_A_WARNING = "not_a_warning"
    """Ack and Error are meant for other systems, not for people."""
    EXPIRED = "expired"
    """Its validity is over, or that of the warning which it ends."""
    OUTDATED = "outdated"
    """It does not say until when it holds, and was sent longer ago than such a message is taken to hold."""
    SUPERSEDED = "superseded"
    """A later message that names this one, or what this one ends, is already here."""
    ALREADY_ENDED = "already_ended"
    """A Cancel for what has been cancelled before: a second all-clear never happens."""
    NO_LONGER_LISTED = "no_longer_listed"
    """A feed stopped listing the warning before it expired, without saying that it is over."""
    NOTHING_TO_END = "nothing_to_end"
    """An ending of what nobody here was notified of: it is recorded, in case the warning itself comes later."""
    HELD = "held"
    """The message is held for a person; `held_for` says why. Nothing is sent."""
    DISCARDED = "discarded"
    """A person decided that a held message is not sent."""
    DUPLICATE = "duplicate"
    """The same message came before, in another language, bundle or feed."""
    MERGED = "merged"
    """Another source warned of the same event, for the same places and time, before; for two control centres in the
    same words, too."""
    QUIET = "quiet"
    """The source asks to list the message without alarming anybody."""
    NO_WARNING = "no_warning"
    """All is well, said in the form of a warning (MeteoAlarm green)."""
    ADVANCE = "advance"
    """Advance information: a warning may follow."""
    ELSEWHERE = "elsewhere"
    """It concerns no municipality that this installation serves."""


LASTING: Final = "lasting"
"""The label of what is recorded of a recipient who fails alike again and again; its code is the error's."""
ENDING_REASONS = frozenset({Reason.CANCEL, Reason.ALL_CLEAR, Reason.LAPSED, Reason.NO_LONGER_LISTED})
WARNING = frozenset({Reason.FIRST_NOTICE, Reason.UPDATE})
"""The dispatched reasons that warn, and do not end a warning."""
DISPATCHED = WARNING | ENDING_REASONS
OPEN_DRILL = frozenset({Reason.DRILL, Reason.DRILL_UPDATE})
"""The reasons of exercises that people are to act upon, and that somebody has to end."""
DRILLS = OPEN_DRILL | {Reason.DRILL_END}
"""The reasons for which an exercise is sent. None of them is among those of warnings, so that no question of what is in
force can find an exercise."""
ENDS = ENDING_REASONS | {Reason.DRILL_END}
"""The reasons that end something: a warning, or an exercise."""
SENT = DISPATCHED | DRILLS | {Reason.CANARY}
"""The reasons for which anything is sent; all but an exercise and the service's own test is meant."""
_ENDING_KIND: Final = {Reason.NO_LONGER_LISTED: Kind.DELISTED, Reason.LAPSED: Kind.NO_LONGER_AFFECTED}
"""The kinds of notices about an end that is no all-clear."""


def ending_kind(reason: Reason) -> Kind:
    """Return what people are notified of by a message that ends what they were notified of, for this reason."""
    return _ENDING_KIND.get(reason, Kind.CANCEL)


DRILL_OF: Final = {
    Reason.FIRST_NOTICE: Reason.DRILL,
    Reason.UPDATE: Reason.DRILL_UPDATE,
    **dict.fromkeys((Reason.CANCEL, Reason.ALL_CLEAR, Reason.LAPSED), Reason.DRILL_END),
}
"""The reason of an exercise that would have this one as a warning."""


class Doubt(StrEnum):
    """The reasons why a message must not go out by itself. A control centre's is refused for it, a feed's is held for a
    person.
    """

    SIGNATURE = "signature"
    """The message is not proved by a pinned certificate although the feed's must be, or its signature is proved
    wrong."""
    SENDER = "sender"
    """The sender is not one of the CAP senders that the feed may carry."""
    CLOCK = "clock"
    """The message was sent in the future."""
    LIFETIME = "lifetime"
    """It is to hold for longer than a message of its source may."""
    AREA = "area"
    """Nobody can tell which municipality it concerns."""
    SEVERAL_TEXTS = "several_texts"
    """It says different things to different places; one notice cannot."""
    STATUS = "status"
    SEVERITY = "severity"
    """Messages of this status or severity may not go out by themselves."""
    TERRITORY = "territory"
    """It ends what another source told beyond the territory of its feed."""
    IDENTITY = "identity"
    """Other content came from the same source under the same identity."""
    FOREIGN_REFERENCE = "foreign_reference"
    """It acts on another sender's message."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """It acts on messages of which none is known."""
    REFERENCE_REPLACED = "reference_replaced"
    """It ends only messages that have been replaced, by one which is in force and which it does not name."""
    APPROVAL = "approval"
    """The policy asks for a second person. It waits for one, from wherever it came."""
    ENVIRONMENT = "environment"
    """It is an exercise that acts on a warning, or the other way round."""


AUTHENTICITY_DOUBTS = frozenset({Doubt.SIGNATURE, Doubt.SENDER, Doubt.CLOCK})
"""The doubts about who wrote a message, or when: with one of them it has no effect on any other message."""


class AlertState(StrEnum):
    """The states that an alert of record can have."""

    HELD = "held"
    """It waits for a person; then it is accepted or recorded."""
    ACCEPTED = "accepted"
    """It is to be dispatched and waits for its plan."""
    PLANNED = "planned"
    """Its audience is frozen in batches, of which some are open."""
    SETTLED = "settled"
    """Every recipient has a terminal state."""
    RECORDED = "recorded"
    """It is kept, and never dispatched; its reason says why."""


DISPATCHED_STATES = (AlertState.ACCEPTED, AlertState.PLANNED, AlertState.SETTLED)
"""The states of an alert that goes out or has gone out, in the order in which it passes through them."""
FINAL_STATES = frozenset({AlertState.SETTLED, AlertState.RECORDED})
"""The states in which nothing more happens by itself."""


class ApprovalState(StrEnum):
    """The states that the approval of a message can have."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"
    """A later message, such as a Cancel, outdated the message while it waited."""
    EXPIRED = "expired"
    RELEASED = "released"
    """The policy released it: nobody decided in time, or nobody was needed once its people were counted."""


class BatchState(StrEnum):
    """The states that a batch can have."""

    OPEN = "open"
    """Some recipient has no terminal state: the worker that acquires the lease works on the batch."""
    DONE = "done"


class Unresolved(StrEnum):
    """What a feed's entry has in place of a `Reason` while it is not known what its message says."""

    PENDING = "pending"
    """The message could not be fetched so far."""
    QUARANTINED = "quarantined"
    """Nobody can read it."""


class FeedResult(StrEnum):
    """What the last poll of a feed came to."""

    NEVER = "never"
    """The feed was not polled yet."""
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNREACHABLE = "unreachable"
    """There was no answer."""
    REFUSED = "refused"
    """The answer was an HTTP error, or too many redirects."""
    UNREADABLE = "unreadable"
    """The answer was a list in which nothing can be read."""
    FAILED = "failed"
    """The poll failed by a mistake of our own."""

    @property
    def succeeded(self) -> bool:
        """Whether the poll shows what the source says now."""
        return self in (FeedResult.CHANGED, FeedResult.UNCHANGED)


class State(IntEnum):
    """One recipient's state in one batch: the low seven bits of its outcome byte."""

    PENDING = 0
    CLAIMED = 1
    """Handed to the channel, answer not yet recorded. A process that dies leaves at most one slice so."""
    RETRY = 2
    ACCEPTED = 16
    DELIVERED = 17
    DISPLAYED = 18
    GONE = 32
    REJECTED = 33
    EXPIRED = 34
    SUPERSEDED = 35
    DEAD = 36
    QUIET_PAST_END = 37
    """The recipient's quiet hours last until the warning is over: nothing is sent, which the plan decides."""

    @property
    def terminal(self) -> bool:
        return self >= State.ACCEPTED

    @property
    def reached(self) -> bool:
        """Whether the gateway took the message; no promise that a person has read it."""
        return State.ACCEPTED <= self <= State.DISPLAYED


DEAD_LETTERS = frozenset({State.REJECTED, State.DEAD})
"""The states of recipients who could not be served, and whom a person may have sent to again."""
UNOWED: Final = frozenset(state.name.lower() for state in (State.GONE, State.QUIET_PAST_END))
"""The names of the final states of those who have left, or do not want to be disturbed: nothing is owed to them, and no
channel is weak by them.
"""
TERMINAL_OUTCOMES = bytes(byte for byte in range(256) if byte & 0x7F >= State.ACCEPTED)
"""The outcome bytes with a terminal state, certain or not."""
UNCERTAIN = 0x80
"""Flag of an outcome byte: a request left us for this recipient and no answer was recorded, so the recipient
may have been reached whatever the state says. Such a recipient is notified of a later Update or Cancel."""


def reasons_held(held_for: str) -> list[str]:
    """Return each reason for which an alert is held. What follows the colon of `audience: …` is a text."""
    return [held_for] if ":" in held_for else held_for.split(", ")


EXTREME: Final = "Extreme"
"""The severity, as an alert of record has it, for which SMS budgets and the risk of a second SMS do not count."""


def is_exempt(severity: str, lane: Lane) -> bool:
    """Whether SMS budgets and the risk of a second SMS do not count: not for an exercise of the gravest either."""
    return severity == EXTREME and lane is not Lane.EXERCISE


TOUCHED = "geometry"
"""The reason for which a municipality is affected that only a shape touches: people who follow a place in it are
concerned if the shape reaches that place. For any other reason the municipality is named, and is the target as a
whole."""


FEED_PREFIX = "feed-"
"""The prefix of the ids of sources that are feeds."""

CANARY_SOURCE: Final = "_canary"
"""The id of the source that the service's own test alerts are of: none that an operator can give."""
CANARY_PREFIX: Final = "canary"
"""The prefix of the ids of those alerts: no other begins with a letter. Without a hyphen, as an id stands before one in
the references of SMS."""
CANARY_EXPIRES_S: Final = 300
"""How long a canary's alert may be sent, in seconds: after an outage nothing is made up for."""
