"""Say in words what SMS cost and how long they take: pure, from the service's JSON to lines of text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from dispatcher.model.sentences.count import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.desk_texts.desk import Desk
    from dispatcher.model.sms import BudgetLeft

_MINUTE, _HOUR = 60, 3600
_CENT = Decimal("0.01")


def sms_preview_lines(sms: Mapping[str, Any] | None, desk: Desk) -> list[str]:
    """Say what the SMS of a message would cost, how long they would take, and whom no budget holds."""
    if not sms:
        return []
    lines = [
        desk.line(
            "sms",
            people=_people(sms["people"], desk),
            parts=_parts(sms["parts"], desk, _each(sms)),
            price=_price(sms, desk),
        )
    ]
    lines += _over_budget_lines(sms, desk)
    if sms["people"]:
        lines += _finish_lines(sms, desk)
    return [*lines, *_held_lines(sms, desk, "sms_would_wait")]


def sms_status_lines(sms: Mapping[str, Any] | None, desk: Desk) -> list[str]:
    """Say what the SMS of a warning have cost, and when those that wait are out."""
    if not sms:
        return []
    used = _sums(sms, "_used", desk)
    price = desk.line("sms_used_price", price=used) if used else ""
    lines = [desk.line("sms_used", parts=_parts(sms["parts_used"], desk), price=price)]
    if sms["people"]:
        lines += _finish_lines(sms, desk)
    return [*lines, *_held_lines(sms, desk, "sms_waits")]


def sms_budget_lines(budgets: Iterable[BudgetLeft], desk: Desk) -> list[str]:
    """Say what is left of each gateway's budget."""
    return [_budget_line(one, desk) for one in budgets]


def _budget_line(one: BudgetLeft, desk: Desk) -> str:
    limits = (
        ("sms_budget_alert", one.alert, one.alert_limit),
        ("sms_budget_month", one.month, one.month_limit),
    )
    alert, month = (
        "" if limit is None else desk.line(key, left=number(left or 0, desk), limit=number(limit, desk))
        for key, left, limit in limits
    )
    return desk.line(
        "sms_budget", gateway=one.gateway, alert=alert, month=f",{month}" if alert and month else month
    )


def _parts(count: int, desk: Desk, key: str = "sms_parts") -> str:
    return desk.line(key, parts=_count(count, desk))


def _each(sms: Mapping[str, Any]) -> str:
    """Return which words go with the parts of one text: those of several languages may have fewer."""
    if sms["people"] == 1:
        return "sms_parts"
    return "sms_parts_most" if sms["parts_total"] < sms["people"] * sms["parts"] else "sms_parts_each"


def _people(count: int, desk: Desk) -> str:
    return desk.line("sms_people", people=_count(count, desk))


def _price(sms: Mapping[str, Any], desk: Desk) -> str:
    if sums := _sums(sms, "", desk):
        return desk.line("sms_price", price=sums)
    # Of one gateway no price is declared: then there is no sum, and what is known is said with what is not.
    known: dict[str, Decimal] = {}
    for one in sms["gateways"]:
        if one["people"] and one.get("price") is not None:
            known[one["currency"]] = known.get(one["currency"], Decimal()) + Decimal(str(one["price"]))
    if not known:
        return ""
    return desk.line(
        "sms_price_partly",
        price=" + ".join(money(float(amount), currency, desk) for currency, amount in sorted(known.items())),
        people=_people(sum(one["people"] for one in sms["gateways"] if one.get("price") is None), desk),
    )


def _sums(sms: Mapping[str, Any], which: str, desk: Desk) -> str:
    """Return the sums, each in its currency; an older service names one at most."""
    one = sms[f"price{which}"]
    prices = sms.get(f"prices{which}") or (
        [] if one is None else [{"price": one, "currency": sms["currency"]}]
    )
    return " + ".join(money(each["price"], each["currency"], desk) for each in prices)


def _finish_lines(sms: Mapping[str, Any], desk: Desk) -> list[str]:
    people = _people(sms["people"], desk)
    if stopped := [one for one in sms["gateways"] if one["people"] and one.get("stopped_reason")]:
        lines = [_stopped_line(one, desk) for one in stopped]
        return [*lines, desk.line("sms_no_end", people=people)]
    if sms["seconds"] is None:
        is_uncounted = any(one["people"] and one.get("parts") == 0 for one in sms["gateways"])
        return [desk.line("sms_uncounted" if is_uncounted else "sms_no_rate", people=people)]
    at = desk.time(sms["finishes_at"])
    return [desk.line("sms_finished", people=people, duration=duration(sms["seconds"], desk), at=at)]


def _stopped_line(gateway: Mapping[str, Any], desk: Desk) -> str:
    since = gateway["stopped_since"]
    return desk.line(
        "sms_stopped",
        gateway=gateway["gateway"],
        since=desk.line("sms_stopped_since", since=desk.time(since)) if since else "",
        reason=desk.texts.failures.get(gateway["stopped_reason"], gateway["stopped_reason"]),
        until=desk.time(gateway["stopped_until"]),
    )


def _over_budget_lines(sms: Mapping[str, Any], desk: Desk) -> list[str]:
    return [
        desk.line("sms_over_budget", gateway=one["gateway"], people=_people(one["people"], desk))
        for one in sms["gateways"]
        if one["over_budget"]
    ]


def _held_lines(sms: Mapping[str, Any], desk: Desk, key: str) -> list[str]:
    return [desk.line(key, people=_count(sms["held"], desk))] if sms["held"] else []


def _count(count: int, desk: Desk) -> Count:
    return Count(count, number(count, desk))


def number(count: int, desk: Desk) -> str:
    """Return a whole number as it is written in the language: 10.000 or 10,000."""
    return f"{count:,}".replace(",", desk.line("thousands"))


def money(amount: float, currency: str, desk: Desk) -> str:
    """Return an amount as it is written in the language: 1.500,00 € or EUR 1,500.00; half a cent is a whole
    one. The number is taken as it reads: as a binary fraction 0.075 is a little less.
    """
    whole, _, cents = str(Decimal(str(amount)).quantize(_CENT, ROUND_HALF_UP)).partition(".")
    written = f"{number(int(whole), desk)}{desk.line('decimal')}{cents}"
    return desk.line("money", amount=written, currency=desk.texts.currencies.get(currency, currency))


def duration(seconds: float, desk: Desk) -> str:
    """Return how long something takes, as exactly as anybody wants to know it: 40 s, 33 min, 2 h 5 min."""
    if seconds < _MINUTE:
        return desk.line("seconds", seconds=max(1, round(seconds)))
    if seconds < 2 * _HOUR:
        return desk.line("minutes", minutes=round(seconds / _MINUTE))
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    return desk.line("hours", hours=hours, minutes=minutes)
