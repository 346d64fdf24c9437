"""Judge what the service holds: secrets, keys, boundaries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.access.fingerprints import Agreement
from dispatcher.doctor.diagnosis import Diagnosis, Part, sound, unknown, warning, wrong
from dispatcher.model.health.boundaries_age import are_old
from dispatcher.model.sentences.count import how_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from dispatcher.access.signing_plan import SigningKey

NAMED_MAX: Final = 10
"""How many municipalities are named: of one merger they are a few, and of boundaries of another country all."""
SIGNING_AHEAD: Final = timedelta(days=30)
BACKUP_OLD: Final = timedelta(days=2)
"""How old the last backup may be: one is made each night, and one may fail."""


@dataclass(frozen=True, slots=True)
class SecretCondition:
    """How one of the secrets stands that all machines of the service share."""

    name: str
    place: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class BoundariesCondition:
    """The boundary data that warnings are matched with."""

    source: str
    vintage: date
    municipalities: int
    with_population: int


def diagnose_secret(secret: SecretCondition) -> Diagnosis:
    """Return how a secret was found."""
    copy = "copy it from a machine of the service (ops/docs/several-machines.md), or correct DATABASE_URL"
    match secret.agreement:
        case Agreement.SAME:
            return sound(Part.SECRETS, f"{secret.name} is the service's")
        case Agreement.NONE:
            return sound(Part.SECRETS, f"{secret.name}: made at the service's first start")
        case Agreement.DIFFERENT:
            return wrong(
                Part.SECRETS,
                f"{secret.name} ({secret.place}) is another one than the service's",
                "processes do not start: what others have made under theirs cannot be read here",
                copy,
            )
        case Agreement.MISSING_HERE:
            return wrong(
                Part.SECRETS,
                f"{secret.name}: the record knows one, and this machine has none ({secret.place})",
                "processes that need it do not start on this machine",
                copy,
            )
        case Agreement.NOT_NOTED:
            return warning(
                Part.SECRETS,
                f"{secret.name}: this machine has one ({secret.place}), and the record knows none",
                "another machine that starts first makes one of its own, and then this one does not start",
                "start a process here first, which notes it; if the record should know it, look which one that is",
            )


def diagnose_subject(subject: str, *, is_placeholder: bool, unreachable: str) -> Diagnosis:
    """Return how the contact was found that push services are told; `unreachable` says why nobody is reached by it."""
    mend = "set WARN_VAPID_SUBJECT to mailto: and a mailbox that somebody reads"
    if is_placeholder:
        return warning(
            Part.VAPID,
            "WARN_VAPID_SUBJECT is not set",
            "Apple refuses every message: no iPhone is reached",
            mend,
        )
    if unreachable:
        return wrong(Part.VAPID, unreachable, "Apple refuses every message: no iPhone is reached", mend)
    return sound(Part.VAPID, f"push services reach the operator at {subject}")


def diagnose_signing(keys: Sequence[SigningKey], now: datetime) -> Diagnosis:
    """Return how the keys were found that sign what is published. The first one is made when a signed message is first
    asked for, each further one by itself.
    """
    good = [one for one in keys if one.is_good(now)]
    if not keys:
        return sound(Part.SIGNING, "made when somebody first asks for a signed message")
    last = max((one.ends_at for one in good), default=now)
    if last - now > SIGNING_AHEAD:
        return sound(Part.SIGNING, f"good until {last:%Y-%m-%d}")
    judge = warning if good else wrong
    return judge(
        Part.SIGNING,
        f"good until {last:%Y-%m-%d}" if good else "every key has ended or is revoked",
        "other hubs refuse what is signed with a key that has ended; the next one should be there by now",
        f"dispatcher signing rotate{'' if good else ' --ahead-days 0'}, and see that a worker runs",
    )


def diagnose_backup(last: datetime | None, now: datetime) -> Diagnosis:
    """Return how old the last backup is that the audit trail knows of."""
    if last is not None and now - last <= BACKUP_OLD:
        return sound(Part.BACKUP, f"made {last:%Y-%m-%d %H:%M} UTC")
    return warning(
        Part.BACKUP,
        "none was made by `dispatcher backup`"
        if last is None
        else f"the last one was made {last:%Y-%m-%d %H:%M} UTC",
        "with this machine is lost who subscribed since, and without one everybody",
        "dispatcher backup each night (ops/docs/for-administrators.md), unless record and keys/ are saved otherwise",
    )


def diagnose_followed(unknown: Mapping[str, int]) -> list[Diagnosis]:
    """Return a warning where endpoints follow municipalities that the boundaries do not have: by AGS, how many."""
    if not unknown:
        return []
    endpoints, places = sum(unknown.values()), len(unknown)
    follow = "endpoint follows" if endpoints == 1 else "endpoints follow"
    first = ", ".join([*unknown][:NAMED_MAX])
    more = f" and {places - NAMED_MAX} more" if places > NAMED_MAX else ""
    return [
        warning(
            Part.BOUNDARIES,
            f"{endpoints} {follow} {how_many(places, 'municipality', 'municipalities')} that the boundaries do not "
            f"have: {first}{more}",
            "no warning is matched to these: who follows nothing else hears of none",
            "let apps and persons choose what became of them, as `dispatcher geodata import` named it; or take "
            "boundaries of a larger area",
        )
    ]


def diagnose_boundaries(boundaries: BoundariesCondition | None, today: date) -> list[Diagnosis]:
    """Return how the boundary data were found; None: they could not be loaded, which the settings' line says."""
    if boundaries is None:
        return [unknown(Part.BOUNDARIES, "not loaded")]
    count = how_many(boundaries.municipalities, "municipality", "municipalities")
    seen = f"{count} as of {boundaries.vintage} ({boundaries.source})"
    found = []
    if are_old(boundaries.vintage, today):
        found.append(
            warning(
                Part.BOUNDARIES,
                seen,
                "municipalities that merged or moved a border since are warned by their old shape and name",
                "dispatcher geodata import of the newest VG250-EW of BKG, then WARN_BOUNDARIES "
                "(ops/docs/targeting.md#boundary-data)",
            )
        )
    if boundaries.with_population < boundaries.municipalities:
        lacking = boundaries.municipalities - boundaries.with_population
        found.append(
            warning(
                Part.BOUNDARIES,
                f"no number of inhabitants: {lacking} of {count}",
                "nobody can say there which share of the people a warning reaches",
                "take boundary data with population, as BKG's VG250-EW (ops/docs/targeting.md#boundary-data)",
            )
        )
    return found or [sound(Part.BOUNDARIES, seen)]
