"""The progress of the message that is being sent, counted from the gateways' ledgers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ops.lab.gateways.registry import WITH_PHONES, by_audience
from ops.lab.world.records import RecipientChannel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ops.lab.world.ledger import Entry

CHANNELS = tuple(spec.family for spec in by_audience(WITH_PHONES.values()))
_GONE = {spec.family: spec.gone for spec in WITH_PHONES.values()}


class Progress:
    """Counts one message's recipients, by channel and by municipality."""

    def __init__(
        self,
        owed: Collection[RecipientChannel],
        places: Mapping[str, Collection[str]],
        concerned: Collection[str],
    ) -> None:
        """`owed` are all recipients that must get it, `places` the municipalities that each recipient watches,
        `concerned` those the message is about. A recipient who watches several of them counts in each."""
        self.message = ""
        """The service's id, once it has answered."""
        self._owed = set(owed)
        self._places = places
        self._concerned = set(concerned)
        self._reached: set[RecipientChannel] = set()
        self.expected = Counter(reach.channel for reach in owed)
        self.expected_in = self._by_place(owed)
        self.accepted: Counter[str] = Counter()
        self.accepted_in: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """Counts requests that a gateway did not accept, by channel."""
        self.gone: Counter[str] = Counter()
        """Counts recipients whose gateway says that they are gone, by channel: nothing is owed to them."""
        self.gone_recipients: set[RecipientChannel] = set()
        self._gone_in: Counter[str] = Counter()
        self.doubled: Counter[str] = Counter()
        self.strangers = 0
        """Counts recipients for whom it was accepted although it does not concern them."""

    @property
    def share(self) -> float:
        """Return the share of those owed that was reached: 0 to 1."""
        owed = len(self._owed) - len(self.gone_recipients)
        return (len(self._reached) - self.strangers) / owed if owed else 1.0

    def owed(self, channel: str) -> int:
        """Return how many recipients of a channel must get it, without those that turned out to be gone."""
        return self.expected[channel] - self.gone[channel]

    def owed_in(self, place: str) -> int:
        """Return the same by municipality (AGS)."""
        return self.expected_in[place] - self._gone_in[place]

    def take(self, entries: Iterable[Entry]) -> None:
        """Count what the gateways wrote down."""
        for entry in entries:
            if not entry.recipient:
                continue  # no message: somebody asked for a token
            if not entry.accepted:
                self.refused[entry.channel] += 1
                if entry.status in _GONE[entry.channel]:
                    self._forget(RecipientChannel(entry.recipient, entry.channel))
            elif entry.alert == self.message:
                self._accept(RecipientChannel(entry.recipient, entry.channel))

    def _forget(self, reach: RecipientChannel) -> None:
        if reach in self._owed and reach not in self._reached and reach not in self.gone_recipients:
            self.gone_recipients.add(reach)
            self.gone[reach.channel] += 1
            self._gone_in.update(self._by_place([reach]))

    def _accept(self, reach: RecipientChannel) -> None:
        if reach in self._reached:
            self.doubled[reach.channel] += 1
            return
        self._reached.add(reach)
        self.strangers += reach not in self._owed
        self.accepted[reach.channel] += 1
        self.accepted_in.update(self._by_place([reach]))

    def _by_place(self, reaches: Iterable[RecipientChannel]) -> Counter[str]:
        return Counter(
            place
            for reach in reaches
            for place in self._places.get(reach.recipient, ())
            if place in self._concerned
        )
