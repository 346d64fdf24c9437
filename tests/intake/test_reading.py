"""Reading a submission, in a process that can be killed: what one source sends delays no other."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.prepare import IntakeRules, OnDoubt
from dispatcher.intake.reading import read_submission
from dispatcher.model.problems import ProblemType
from dispatcher.readers.readers import ReadersBusy, ReaderStopped, StopReason
from dispatcher.settings import Settings
from tests.api.conftest import NEIGHBOUR, OTHER_KEY, Service, serving
from tests.support.histories import until
from tests.support.messages import DUEREN, SENDER, InfoPart
from tests.support.submissions import AACHEN, now, warning

RULES = IntakeRules("leitstelle", on_doubt=OnDoubt.REFUSE, territory=("05358",), senders=frozenset({SENDER}))
LIMITS = cap.Limits()


def crowd(polygons: int) -> InfoPart:
    """An info of many small polygons, which take seconds to match."""
    at = [(50.7 + n % 100 * 0.002, 6.3 + n // 100 * 0.003) for n in range(polygons)]
    rings = (
        f"{lat:.4f},{lon:.4f} {lat:.4f},{lon + 0.002:.4f} {lat + 0.001:.4f},{lon:.4f} {lat:.4f},{lon:.4f}"
        for lat, lon in at
    )
    return InfoPart(shapes="".join(f"<polygon>{ring}</polygon>" for ring in rings))


def test_what_was_read_comes_back_whole_and_without_the_bytes(boundaries: Boundaries) -> None:
    raw = warning(DUEREN).xml()
    read = pickle.loads(pickle.dumps(read_submission(boundaries, raw, RULES, LIMITS, now())))
    assert read.refused is None
    assert [place.ags for place in read.message.places] == [DUEREN]
    assert read.message.incoming.original == b""
    assert read.match_seconds > 0
    assert len(pickle.dumps(read)) < 20_000


@pytest.mark.parametrize(
    ("message", "problem", "matched"),
    [
        (b"<alert", ProblemType.MALFORMED, False),
        (warning(DUEREN, sender=NEIGHBOUR).xml(), ProblemType.SENDER_NOT_ALLOWED, False),
        (warning(AACHEN).xml(), ProblemType.OUTSIDE_TERRITORY, True),
    ],
)
def test_a_refusal_comes_back_whole(
    boundaries: Boundaries, message: bytes, problem: ProblemType, matched: bool
) -> None:
    found = read_submission(boundaries, message, RULES, LIMITS, now())
    read = pickle.loads(pickle.dumps(found))
    assert read.refused.type is problem
    assert found.refused is not None
    assert (read.refused.detail, read.refused.errors, read.refused.extra) == (
        found.refused.detail,
        found.refused.errors,
        found.refused.extra,
    )
    assert (read.message is not None) is matched


@pytest.fixture
async def with_readers(service: Service, settings: Settings) -> AsyncIterator[Service]:
    """A second API beside `service`, to whose record the sources are known, with readers as in production."""
    del service
    async with serving(settings, in_process=False) as second:
        yield second


async def test_six_hostile_messages_of_one_source_delay_no_other(with_readers: Service) -> None:
    """Their own source has two readers of four, and the other's answer is there before they are done."""
    hostile = [asyncio.create_task(with_readers.submit(warning(infos=(crowd(2_000),)))) for _ in range(6)]

    async def are_here() -> bool:
        shares = with_readers.parts.intake._readers._shares
        return [*shares._waiting.values(), *shares._taken.elements()].count("live:leitstelle") == 6

    await until(are_here)
    answer = await with_readers.submit(warning(AACHEN, sender=NEIGHBOUR), key=OTHER_KEY)
    assert answer.status == 201
    assert not all(task.done() for task in hostile)
    assert {found.status for found in await asyncio.gather(*hostile)} <= {201, 403, 503}


class Failing:
    """Readers that read nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def run(self, *_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [(ReadersBusy(), 503, "overloaded"), (ReaderStopped(StopReason.TIME), 422, "too-complex")],
)
async def test_what_no_reader_could_read_is_refused_with_the_reason(
    service: Service, error: Exception, status: int, problem: str
) -> None:
    service.parts.intake._readers = Failing(error)
    document = (await service.submit(warning(DUEREN))).problem(status, problem)
    assert document.get("reason") == ("time" if status == 422 else None)
    assert service.refusals() == {problem: 1}
