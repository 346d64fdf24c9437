"""Random histories of messages that refer to each other, made by Hypothesis, which shrinks those that break a promise."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from dispatcher.model.vocabulary import UNCERTAIN, State
from tests.support.graph_history import PLACES, History, Service
from tests.support.reference_graph import Act, Sent

MOST_MESSAGES, MOST_HOURS = 8, 4
SHORT, LONG = 1, 9
"""Hours that a warning holds: one that is over when time passes, and one that never is."""
OUTCOMES = (
    (State.ACCEPTED,),
    (State.REJECTED,),
    (State.REJECTED | UNCERTAIN,),
    (State.ACCEPTED, State.REJECTED),
    (State.REJECTED, State.ACCEPTED),
)
"""What may become of a batch's recipients, in turn."""

numbers = st.integers(0, MOST_MESSAGES - 1)
drafts = st.tuples(
    st.sampled_from(Act),
    st.integers(0, 2 ** (MOST_MESSAGES - 1) - 1),
    st.integers(0, 2 ** len(PLACES) - 1),
    st.sampled_from([LONG, SHORT]),
)


def _sent(number: int, draft: tuple[Act, int, int, int]) -> Sent:
    act, names, places, hours = draft
    named = frozenset(one for one in range(number) if names >> one & 1)
    if act is Act.ALERT:
        places = places or 1  # one for elsewhere is not even recorded; what replaces another is
    concerned = frozenset(place for position, place in enumerate(PLACES) if places >> position & 1)
    return Sent(number, act, named, concerned, hours)


class GraphMachine(RuleBasedStateMachine):
    """Up to eight messages, which name earlier ones, arrive in any order; workers and time do what they may between. In
    the end all that has arrived comes to rest, and then the remaining ones arrive too.
    """

    def __init__(self, run: Any, service: Service) -> None:
        super().__init__()
        self._run = run
        self._service = service
        self._history = History(service)
        self._undo = service.pool.transaction()
        self._run(self._undo.start())
        self._coming: list[Sent] = []
        self._failed = False

    @initialize(made=st.lists(drafts, min_size=2, max_size=MOST_MESSAGES))
    def make(self, made: Any) -> None:
        self._coming = [_sent(number, draft) for number, draft in enumerate(made)]

    def _do(self, what: Any) -> Any:
        try:
            return self._run(what)
        except BaseException:
            self._failed = True
            raise

    @precondition(lambda self: self._coming)
    @rule(which=numbers)
    def arrive(self, which: int) -> None:
        self._do(self._history.arrive(self._coming.pop(which % len(self._coming))))

    @precondition(lambda self: self._history.model.arrived)
    @rule(which=numbers)
    def plan(self, which: int) -> None:
        if waiting := self._do(self._history.waiting()):
            self._do(self._history.plan(waiting[which % len(waiting)]))

    @precondition(lambda self: self._history.notices)
    @rule(which=numbers)
    def take_up(self, which: int) -> None:
        if batches := self._do(self._history.open_batches()):
            self._do(self._history.take_up(batches[which % len(batches)]))

    @precondition(lambda self: self._history.notices)
    @rule(which=numbers, outcomes=st.sampled_from(OUTCOMES))
    def deliver(self, which: int, outcomes: tuple[int, ...]) -> None:
        if batches := self._do(self._history.open_batches()):
            self._do(self._history.deliver(batches[which % len(batches)], outcomes))

    @precondition(lambda self: self._history.notices)
    @rule()
    def deliver_all(self) -> None:
        for batch_id in self._do(self._history.open_batches()):
            self._do(self._history.deliver(batch_id, (State.ACCEPTED,)))

    @precondition(lambda self: self._history.model.arrived and self._history.model.hour < MOST_HOURS)
    @rule()
    def pass_time(self) -> None:
        self._do(self._history.pass_time(2))

    def teardown(self) -> None:
        try:
            if not self._failed:
                self._run(self._history.settle())
                for sent in self._coming:
                    self._run(self._history.arrive(sent))
                self._run(self._history.settle())
        finally:
            self._run(self._undo.rollback())
