"""F2, F15, F17, F19: control centres that send again, at the same time, too much, or take a warning back."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise, repeat
from typing import TYPE_CHECKING

from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.trial import NO_ANSWER
from ops.lab.world.population import INHABITANTS
from ops.lab.world.records import Kind

if TYPE_CHECKING:
    from ops.lab.faults.cap_messages import CapMessage, Chain
    from ops.lab.faults.trial import Trial
    from ops.lab.world.service import ApiResponse

POSTS = 20
WITHIN_A_POST_S = 0.05
COPIES = 100
SENDERS = 20
BURST = 60
BURST_S = 2.0
FLASH_WITHIN_S = 3.0
LIFETIME_S = 8
PAST_EXPIRY_S = 2.0
SMALL_PLACES = ("05358012", "05358020", "05358056", "05358016", "05358060")
"""The smaller municipalities: a warning for one of them is over quickly."""


def api_kill(trial: Trial) -> None:
    """Send SIGKILL to the API while a control centre submits one message after the other."""
    strike = trial.chance.uniform(0.0, POSTS)
    killer = threading.Timer(strike % 1 * WITHIN_A_POST_S, trial.service.kill, ["api"])
    answered: dict[str, set[str]] = {}
    instants = [time.monotonic()]
    for number in range(POSTS):
        if number == int(strike):
            killer.start()
        chain = trial.chain(Variant(places=frozenset({trial.chance.choice(SMALL_PLACES)})))
        message = chain.write(Kind.ALERT)
        sent = trial.accepted(message, chain, trial.submit(message.xml))
        again = trial.submit(message.xml)  # the control centre may not have heard the answer
        answered[message.identifier] = {sent.id, again.alert_id}
        instants.append(time.monotonic())
    killer.join()
    trial.recovered(max(later - earlier for earlier, later in pairwise(instants)))
    trial.service.wait_ready()
    trial.hold("second_identities", float(sum(len(ids) - 1 for ids in answered.values())), 0)
    trial.hold("accepted_and_not_there", float(_missing(trial)), 0)
    _one_alert_each(trial, set(answered))


def _missing(trial: Trial) -> int:
    return sum(
        trial.service.request("GET", f"/v1/alerts/{sent.id}").status != 200 for sent in trial.case.sent
    )


def _one_alert_each(trial: Trial, identifiers: set[str]) -> None:
    """Check that the record has each identity once."""
    listed = trial.service.request("GET", "/v1/alerts?limit=500").json()["alerts"]
    found = [one["identifier"] for one in listed if one["identifier"] in identifiers]
    trial.hold("alerts_too_many", float(len(found) - len(identifiers)), 0)


def duplicates(trial: Trial) -> None:
    """Submit one body a hundred times in parallel, then the same identity with other content."""
    chain = trial.chain()
    message = chain.write(Kind.ALERT)
    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda xml: _post(trial, xml), repeat(message.xml, COPIES)))
    heard = [answer for answer in answers if answer is not None]
    accepted = [answer for answer in heard if answer.accepted]
    first = min(accepted, key=lambda answer: answer.ended_at)
    trial.accepted(message, chain, first)
    trial.hold("unanswered", float(COPIES - len(heard)), 0)
    trial.hold("refused", float(sum(answer.status not in {200, 201, 503} for answer in heard)), 0)
    trial.hold("identities", float(len({answer.alert_id for answer in accepted})), 1)
    trial.hold("created", float(sum(answer.status == 201 for answer in accepted)), 1)
    other = message.xml.replace(b"Hochwasser an der Rur", b"Sturmflut an der Rur")
    trial.hold("other_content_not_409", float(trial.service.submit(other).status != 409), 0)
    _one_alert_each(trial, {message.identifier})


def _post(trial: Trial, xml: bytes) -> ApiResponse | None:
    with suppress(*NO_ANSWER):
        return trial.service.submit(xml)
    return None


def cancel_race(trial: Trial) -> None:
    """Submit a Cancel at a random instant of the Alert's sending."""
    chain = trial.chain()
    trial.warn(chain)
    trial.await_moment()
    trial.warn(chain, Kind.CANCEL)


def update_race(trial: Trial) -> None:
    """Submit an Update at a random instant of the Alert's sending, a Cancel at one of the Update's."""
    chain = trial.chain()
    trial.warn(chain)
    trial.await_moment()
    trial.warn(chain, Kind.UPDATE)
    trial.await_moment()
    trial.warn(chain, Kind.CANCEL)


def cancel_twice(trial: Trial) -> None:
    """Submit a Cancel twice, and another Cancel of the same warning: no recipient gets a second all-clear."""
    chain = trial.chain()
    trial.warn(chain)
    trial.await_moment()
    cancel = trial.warn(chain, Kind.CANCEL)
    trial.submit(cancel.message.xml)
    trial.submit(chain.write(Kind.CANCEL).xml)


def outage_expiry(trial: Trial) -> None:
    """Stop all workers until the warning has expired: nothing is sent later."""
    trial.case.may_expire = True
    sent = trial.warn(trial.chain(Variant(lifetime=timedelta(seconds=LIFETIME_S))))
    trial.await_share(trial.chance.uniform(-0.1, 0.8))
    pids = [pid for name, pid in trial.service.pids().items() if name.startswith("worker-")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        left = sent.message.expires - datetime.now(UTC)
        time.sleep(max(0.0, left.total_seconds() + PAST_EXPIRY_S))
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def burst(trial: Trial) -> None:
    """Submit sixty overlapping warnings in two seconds, and a grave one among them."""
    moments = sorted(trial.chance.uniform(0, BURST_S) for _ in range(BURST))
    grave = trial.chance.randrange(BURST)
    chains = [_one_of_many(trial, flash=number == grave) for number in range(BURST)]
    written: list[tuple[Chain, CapMessage]] = [(chain, chain.write(Kind.ALERT)) for chain in chains]
    began = time.monotonic()

    def post(number: int) -> ApiResponse:
        time.sleep(max(0.0, began + moments[number] - time.monotonic()))
        return trial.submit(written[number][1].xml)

    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(post, range(BURST)))
    for (chain, message), answer in zip(written, answers, strict=True):
        trial.accepted(message, chain, answer)
    waits = sorted((answer.ended_at - answer.began_at).total_seconds() for answer in answers)
    trial.hold("answer_p99_s", waits[int(0.99 * len(waits))], 5.0)
    trial.settle()
    trial.hold("flash_first_s", _first_accept_s(trial, answers[grave]), FLASH_WITHIN_S)


def _one_of_many(trial: Trial, *, flash: bool) -> Chain:
    places = trial.chance.sample(sorted(INHABITANTS), 2)
    return trial.chain(Variant(places=frozenset(places), minor=not flash))


def _first_accept_s(trial: Trial, answer: ApiResponse) -> float:
    """Return the seconds from the answer to the first gateway's accept, by the service's own account."""
    account = trial.service.status(answer.alert_id)["channels"]
    named = [one["first_accepted_at"] for one in account]
    firsts = [datetime.fromisoformat(text) for text in named if text]
    return (min(firsts) - answer.ended_at).total_seconds() if firsts else float("inf")
