"""Verify a chain, place by place: what was changed, taken out, put in, moved, cut off or written anew, and where. Pure.

Every change shows that does not compute all later hashes anew. One that does shows by a checkpoint, and one that takes
the checkpoints along by an anchor: nothing that lies in the record alone can prove its own end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.audit.checkpoint import instant
from dispatcher.audit.entry import GENESIS, ChainLink, entry_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dispatcher.audit.checkpoint import Checkpoint

FINDINGS_MAX: Final = 200
"""Findings that are kept with their sentence; all are counted."""
SUSPECTS_MAX: Final = 64
"""Entries that do not fit where they stand, each of which is tried at the place of each other."""


class Fault(StrEnum):
    """What was done to a trail."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    FORKED = "forked"
    FORGED = "forged"
    """A checkpoint is not signed by a key that counts, or none is that agrees."""
    UNREADABLE = "unreadable"
    """A line of an export or an anchor cannot be read."""


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """One fault, with the position in the chain where it shows."""

    fault: Fault
    position: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What came of a verification."""

    entries: int
    """How many entries are as they were chained."""
    position: int
    """The last position of the chain."""
    hash: bytes
    """The hash there."""
    checkpoints: int
    """How many checkpoints of the record agree with the chain."""
    anchored: int
    """How many checkpoints of anchors agree with the chain."""
    covered: int
    """The last position that one of them vouches for."""
    keys: tuple[str, ...]
    """The keys of those that agree, in the order in which they were met."""
    findings: tuple[ChainFinding, ...]
    counts: Counter[Fault]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.counts


class ChainVerifier:
    """Takes the places of a chain in their order, and between them its checkpoints. It needs the same memory for every
    chain; that for anchored checkpoints beside.
    """

    def __init__(
        self,
        keys: Collection[str] | None = None,
        anchored: Iterable[Checkpoint] = (),
        *,
        pinned: bool = False,
    ) -> None:
        """`keys` are those that may have signed (hexadecimal digits); None: any. `anchored` were kept elsewhere.
        `pinned`: the keys are known on another way than from what is verified, so that one of them has to vouch for it.
        """
        self._trusted = keys
        self._pinned = pinned
        self.position = 0
        """The last position that was taken, and the hash there."""
        self.hash = GENESIS
        self._entries = 0
        self._number = 0
        self._agreeing = {"record": 0, "anchor": 0}
        self._covered = 0
        self._keys: dict[str, None] = {}
        self._findings: list[ChainFinding] = []
        self._counts: Counter[Fault] = Counter()
        self._misfitting = False
        self._step = 0
        """By how much the places that were taken last stand off from where they were chained."""
        self._single: ChainLink | None = None
        """The first of them, while it is the only one."""
        self._suspects: list[ChainLink] = []
        self._beyond: list[Checkpoint] = []
        """The record's checkpoints for positions that are still to come."""
        self._anchored: dict[int, list[Checkpoint]] = defaultdict(list)
        for one in anchored:
            self._anchored[one.position].append(one)

    def take_all(self, items: Iterable[ChainLink | Checkpoint]) -> None:
        """Take the next places and checkpoints."""
        for one in items:
            if isinstance(one, ChainLink):
                self.take(one)
            else:
                self.checkpoint(one)

    def take(self, link: ChainLink) -> None:
        """Take the next place."""
        if link.position <= self.position:
            self.find(Fault.FORKED, link.position, "there are two places of this number: the chain forks")
            return
        gap = link.position > self.position + 1
        if gap:
            self._missing(self.position + 1, link.position - 1)
        self._judge(link, follows=gap or self._misfitting or link.previous == self.hash)
        self.position, self.hash = link.position, link.hash
        for one in self._anchored.pop(link.position, ()):
            self._compare(one, "anchor")

    def _judge(self, link: ChainLink, *, follows: bool) -> None:
        """Find out whether what stands at a place is what was chained there. What does not fit where it stands has been
        named, so that the next place need not follow it.
        """
        self._misfitting = False
        if link.entry is None:
            self._settle()
            self.find(Fault.DELETED, link.position, f"entry {link.audit_id} was taken out of the trail")
        elif entry_hash(link.position, link.previous, link.entry) == link.hash:
            self._settle()
            self._entries += 1
            if not follows:
                self.find(
                    Fault.EDITED,
                    link.position - 1,
                    "the entry was changed and its hash with it: the next place follows another hash",
                )
        else:
            self._misfit(link)

    def _misfit(self, link: ChainLink) -> None:
        """Note an entry that does not fit where it stands. A row of entries that all stand one place off is said once;
        a single one may have changed places with its neighbour.
        """
        self._misfitting = True
        step = _step(link)
        if step and step == self._step:
            if self._single is not None:
                self._shift(self._single, step)
                self._single = None
            return
        self._settle()
        if step:
            self._step, self._single = step, link
        else:
            self._suspect(link)

    def _settle(self) -> None:
        """Forget what moved the places before: the next one is where it was chained, or was moved by something else."""
        if self._single is not None:
            self._suspect(self._single)
        self._step, self._single = 0, None

    def _suspect(self, link: ChainLink) -> None:
        if len(self._suspects) < SUSPECTS_MAX:
            self._suspects.append(link)
        else:
            self._changed(link)

    def _changed(self, link: ChainLink) -> None:
        if step := _step(link):
            self._shift(link, step)
        else:
            self.find(Fault.EDITED, link.position, f"entry {link.audit_id} is not what was chained here")

    def _shift(self, link: ChainLink, step: int) -> None:
        if step < 0:
            sentence = "an entry was put in: what follows was chained one position earlier"
            self.find(Fault.INSERTED, link.position - 1, sentence)
        else:
            self.find(Fault.DELETED, link.position, "an entry was taken out, and what follows moved up")

    def _missing(self, first: int, last: int) -> None:
        places = f"position {first} is" if first == last else f"positions {first} to {last} are"
        self.find(Fault.DELETED, first, f"{places} missing from the chain")

    def checkpoint(self, one: Checkpoint) -> None:
        """Take a checkpoint of the record, after the place that it is for."""
        if one.number != self._number + 1:
            self.find(
                Fault.DELETED if one.number > self._number else Fault.FORKED,
                one.position,
                f"checkpoint {one.number} comes after checkpoint {self._number}",
            )
        self._number = max(self._number, one.number)
        if one.position == self.position:
            self._compare(one, "record")
        elif one.position > self.position:
            self._beyond.append(one)
        else:
            self.find(
                Fault.REORDERED,
                one.position,
                f"checkpoint {one.number} stands after position {self.position}, and vouches for nothing there",
            )

    def _compare(self, one: Checkpoint, of: str) -> None:
        """Compare a checkpoint with the place that was taken last."""
        if not self._is_trusted(one, of):
            return
        if one.hash == self.hash:
            self._agreeing[of] += 1
            self._covered = max(self._covered, one.position)
            self._keys[one.key] = None
            return
        since = f"after position {self._covered}" if self._covered else "from the beginning"
        self.find(
            Fault.FORKED,
            one.position,
            f"the {of}'s checkpoint {one.number} of {instant(one.at)} is of another chain than this: they part {since}",
        )

    def _is_trusted(self, one: Checkpoint, of: str) -> bool:
        if self._trusted is not None and one.key not in self._trusted:
            self.find(
                Fault.FORGED,
                one.position,
                f"the {of}'s checkpoint {one.number} is of key {one.key[:16]}…, which is none of those that count",
            )
            return False
        if not one.is_signed():
            self.find(
                Fault.FORGED, one.position, f"the {of}'s checkpoint {one.number} is not signed by its key"
            )
            return False
        return True

    def beside(self, audit_ids: Iterable[int]) -> None:
        """Note lines of the trail that the chain has passed by: they were put in when all that was to come before the
        last place had come.
        """
        for one in audit_ids:
            self.find(
                Fault.INSERTED,
                self.position,
                f"entry {one} is not in the chain and claims to be older than this: it was put in",
            )

    def finish(self, anchored_number: int = 0) -> ChainVerdict:
        """Say what was found, after the last place. `anchored_number`: of the last checkpoint that the record says to
        have put at an anchor.
        """
        self._reordered()
        later = [(one, "anchor") for some in self._anchored.values() for one in some]
        for one, of in [*((one, "record") for one in self._beyond), *later]:
            if one.position > self.position and self._is_trusted(one, of):
                self.find(
                    Fault.TRUNCATED,
                    one.position,
                    f"the {of}'s checkpoint {one.number} of {instant(one.at)} is for this position, and the chain ends "
                    f"at {self.position}: what came after it was cut off",
                )
        if anchored_number > self._number:
            self.find(
                Fault.TRUNCATED,
                self.position,
                f"checkpoint {anchored_number} was put at an anchor, and the last one here is {self._number}",
            )
        if self._pinned and self.position and not self._covered:
            self.find(
                Fault.FORGED,
                self.position,
                "no checkpoint of a key that counts agrees with any entry: anybody can have computed these hashes",
            )
        findings = sorted(self._findings, key=lambda one: one.position)
        return ChainVerdict(
            self._entries,
            self.position,
            self.hash,
            self._agreeing["record"],
            self._agreeing["anchor"],
            self._covered,
            tuple(self._keys),
            tuple(findings),
            self._counts,
        )

    def _reordered(self) -> None:
        """Try what does not fit at the places of the others that do not."""
        self._settle()
        for one in self._suspects:
            place = next(
                (
                    other.position
                    for other in self._suspects
                    if other is not one
                    and (_fits(one, other.position, one) or _fits(one, other.position, other))
                ),
                None,
            )
            if place is None:
                self._changed(one)
            else:
                self.find(
                    Fault.REORDERED,
                    one.position,
                    f"entry {one.audit_id} was chained at position {place}: the order was changed",
                )
        self._suspects.clear()

    def find(self, fault: Fault, position: int, sentence: str) -> None:
        """Note a fault."""
        self._counts[fault] += 1
        if len(self._findings) < FINDINGS_MAX:
            self._findings.append(ChainFinding(fault, position, f"position {position}: {sentence}"))


def _fits(link: ChainLink, position: int, place: ChainLink) -> bool:
    """Whether the entry of a place was chained at this position, with the hashes of `place`."""
    if link.entry is None or position < 1:
        return False
    return entry_hash(position, place.previous, link.entry) == place.hash


def _step(link: ChainLink) -> int:
    """Return how far before its place an entry was chained, as -1, or after it, as 1; 0 where neither fits."""
    return next((step for step in (-1, 1) if _fits(link, link.position + step, link)), 0)
