"""Compare two drills, measure by measure. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dispatcher.commands.drill.measurement import RECEIPTS, owed, people_owed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Compared(NamedTuple):
    """One measure of both; None where a drill does not have it. `step` and `channel` are empty of the whole."""

    step: str
    channel: str
    measure: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """Return by how much it has changed, where both have it."""
        if self.before is None or self.after is None:
            return None
        return round(self.after - self.before, 3)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Compared]:
    """Return all measures that either has, of the steps in their order and of their channels by name."""
    old, new = dict(_measures(before)), dict(_measures(after))
    keys = list(dict.fromkeys([*old, *new]))
    return [Compared(*key, old.get(key), new.get(key)) for key in keys]


def _measures(drill: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], float | None]]:
    for step in drill["steps"]:
        name, people = step["step"], step["people"]
        yield (name, "", "submission"), step["submission_s"]
        yield (name, "", "people"), people["recipients"]
        yield (name, "", "reached"), _share(people["accepted"], people_owed(people))
        for channel, one in step["channels"].items():
            due = owed(one)
            yield (name, channel, "recipients"), one["recipients"]
            yield (name, channel, "accepted"), _share(one["accepted"], due)
            for measure in ("first", "p50", "p95", "p99", "last"):
                yield (name, channel, measure), one[f"{measure}_s"]
            for receipt in RECEIPTS:
                yield (name, channel, receipt), _share(one[receipt], due)
            yield (name, channel, "duplicates"), one["twice"]
            yield (name, channel, "perhaps"), one["perhaps_twice"]


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
