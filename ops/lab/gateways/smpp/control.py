"""The control interface of the stand-in SMS centre, over HTTP at a port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ops.lab.gateways.gateway import CONTROL
from ops.lab.gateways.http.exchange import Answer
from ops.lab.gateways.smpp import faults, terms
from ops.lab.gateways.smpp.receipts import ReceiptPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.lab.gateways.http.exchange import Exchange, Request
    from ops.lab.gateways.journal import Journal
    from ops.lab.gateways.smpp.centre import Centre

_DONE = Answer(204)
_JSON = (("content-type", "application/json"),)


class Control:
    """Answers control requests about one centre."""

    def __init__(self, centre: Centre, journal: Journal) -> None:
        self._centre = centre
        self._journal = journal
        self._acts: Mapping[tuple[str, str], Callable[[bytes], Answer]] = {
            ("PUT", "faults"): self._set_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("PUT", "terms"): self._set_terms,
            ("PUT", "receipts"): self._set_receipts,
            ("DELETE", "receipts"): self._clear_receipts,
            ("POST", "unbind"): self._unbind,
            ("POST", "close"): self._close,
        }

    def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        try:
            exchange.answer(self._answer(exchange.request))
        except msgspec.DecodeError as error:
            exchange.answer(_json({"error": str(error)}, 400))

    def _answer(self, request: Request) -> Answer:
        word = request.path.removeprefix(CONTROL)
        if request.method == "GET":
            return self._told(word)
        act = self._acts.get((request.method, word))
        return act(request.body) if act else Answer(404)

    def _told(self, word: str) -> Answer:
        if word == "stats":
            return _json(self._stats())
        outbox = self._centre.outbox
        return _json(outbox.account()) if word == "receipts" and outbox else Answer(404)

    def _set_faults(self, body: bytes) -> Answer:
        rules = faults.parse(body)
        self._centre.set_faults(rules)
        return _json([rule.name for rule in rules])

    def _clear_faults(self, _body: bytes) -> Answer:
        self._centre.set_faults(())
        return _DONE

    def _set_terms(self, body: bytes) -> Answer:
        self._centre.set_terms(terms.parse(body))
        return _DONE

    def _set_receipts(self, body: bytes) -> Answer:
        self._centre.set_receipts(msgspec.json.decode(body, type=ReceiptPlan))
        return _DONE

    def _clear_receipts(self, _body: bytes) -> Answer:
        self._centre.set_receipts(None)
        return _DONE

    def _unbind(self, _body: bytes) -> Answer:
        for session in self._centre.sessions:
            session.unbind()
        return _DONE

    def _close(self, _body: bytes) -> Answer:
        for session in tuple(self._centre.sessions):
            session.close()
        return _DONE

    def _stats(self) -> dict[str, object]:
        centre = self._centre
        return {
            **centre.counts,
            "sessions": sum(session.bound is not None for session in centre.sessions),
            "by_status": dict(centre.statuses),
            "by_fault": centre.fired(),
            "commits": self._journal.commits,
            "entries": self._journal.entries,
        }


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value), _JSON)
