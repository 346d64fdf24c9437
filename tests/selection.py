"""Which tests need processes beside their own, in which order and company all of them run, and what ends one that
hangs.

A fixture that starts a process requests the fixture `processes`; a test that starts one itself is marked `processes`.
`pytest -m "not processes"` (`make test-fast`) is everything else. That nobody forgets to say so is watched: a test
that starts a process and did not say so fails.
"""

import faulthandler
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from dispatcher.runtime import gc_tuning

MARK = "processes"
"""The name of the fixture and of the mark."""

LONG = "e2e"
"""The mark of what starts a whole service, which takes processes."""

COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage's `patch = subprocess` reaches a process."""

MEASURED = ("tests/commands/", "tests/runtime/", "tests/worker/", "tests/e2e/test_readme.py")
"""Where coverage is measured in what tests start: the service's own processes, as they are started in earnest. It costs
each process half as much time again; elsewhere tests start hundreds, some with limits of time, some to be killed.
"""

LENGTHY = (
    "tests/api/openapi/test_document.py",
    "tests/api/test_authentication.py",
    "tests/api/test_reports.py",
    "tests/api/test_shedding.py",
    "tests/cap/parse/test_elements.py",
    "tests/cases/test_authenticity.py",
    "tests/cases/test_branches.py",
    "tests/cases/test_ends.py",
    "tests/cases/test_equal_warnings.py",
    "tests/channels/http/test_hostile_gateway.py",
    "tests/commands/backup/test_restoring.py",
    "tests/commands/desk/test_follow_ups.py",
    "tests/commands/test_subscriptions.py",
    "tests/contract/test_contract.py",
    "tests/delivery/pace/test_learnt_rate.py",
    "tests/delivery/test_throttled_gateway.py",
    "tests/described/test_python_client.py",
    "tests/described/test_schemathesis.py",
    "tests/described/test_typescript_client.py",
    "tests/e2e/test_app_page.py",
    "tests/e2e/test_app_page_in_firefox.py",
    "tests/e2e/test_compose.py",
    "tests/e2e/test_console.py",
    "tests/e2e/test_firefox.py",
    "tests/e2e/test_kannel.py",
    "tests/e2e/test_kannel_smpp.py",
    "tests/e2e/test_reading.py",
    "tests/e2e/test_widget.py",
    "tests/intake/test_decide.py",
    "tests/intake/test_doubtful_messages.py",
    "tests/intake/test_effects.py",
    "tests/intake/test_reference_graphs.py",
    "tests/intake/test_submission.py",
    "tests/lab/bench/paired/test_against.py",
    "tests/lab/bench/test_sink.py",
    "tests/lab/bench/test_targeting.py",
    "tests/lab/gateways/test_faults.py",
    "tests/lab/gateways/test_webpush.py",
    "tests/lab/worst_case/test_bodies.py",
    "tests/ops/supply_chain/test_advisories.py",
    "tests/ops/test_canary_alarms.py",
    "tests/ops/test_rules.py",
    "tests/queue/test_sentinels.py",
    "tests/store/test_earlier_schemas.py",
    "tests/store/test_migrate.py",
    "tests/test_architecture.py",
    "tests/test_command_server.py",
    "tests/test_selection.py",
    "tests/test_wheel.py",
    "tests/worker/canary/test_ways.py",
)
"""Files of which each is at work, or waits, for a quarter of a minute and more: begun last, they are waited for."""

_SAID = 500  # characters of a failure, at once; all of it follows at the end

STARTS = frozenset({"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"})
"""Audit events: https://docs.python.org/3/library/audit_events.html"""


class StartedProcesses:
    """Names what this interpreter starts. An audit hook stays for ever, so there is one of these in a session."""

    def __init__(self) -> None:
        self._found: list[str] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in STARTS and self._found is not None:
            self._found.append(f"{event}: {arguments[0] if arguments else ''}")

    @contextmanager
    def named(self) -> Iterator[list[str]]:
        """What is started within the block, each as one line."""
        before, self._found = self._found, []
        try:
            yield self._found
        finally:
            self._found = before


class Selection:
    """The plugin: marks by fixture, puts the long tests first, hands out by file, watches."""

    def __init__(self) -> None:
        self._started = StartedProcesses()

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if MARK in getattr(item, "fixturenames", ()) or item.get_closest_marker(LONG):
            item.add_marker(MARK)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
        return ByFile(config, log) if config.getoption("dist") == "loadfile" else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = long_first(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        """What is imported and collected stays to the end; looking through it again and again for garbage takes a
        fifth of the processor time of the tests, and of that of collecting them. Then garbage is looked for as seldom
        as in the processes of the service.
        """
        gc.disable()
        try:
            return (yield)
        finally:
            gc_tuning.configure()
            gc.enable()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        with nullcontext() if is_measured(item.path.relative_to(item.config.rootpath)) else unmeasured():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        with self._watched(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        with self._watched(item):
            return (yield)

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector) -> None:
        """Set the end of the process anew, for what a failed test leaves: pytest takes a failure for somebody who looks
        at it, and lifts the end of `faulthandler_timeout`. The ends of its fixtures could wait for ever.
        """
        limit = float(node.config.getini("faulthandler_timeout") or 0)
        if limit and isinstance(node, pytest.Item) and not node.config.getoption("usepdb"):
            faulthandler.dump_traceback_later(
                limit,
                exit=node.config.getini("faulthandler_exit_on_timeout"),
                file=node.config.stash[fault_handler_stderr_fd_key],
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name what fails in a process as it comes: of a run that is ended from outside nothing else is left."""
        if report.failed and (worker := getattr(report, "node", None)) is not None:
            said = str(getattr(report.longrepr, "reprcrash", report.longrepr))
            terminal = worker.config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line(f"\n{report.nodeid} ({report.when}) {said[:_SAID]}")

    @contextmanager
    def _watched(self, item: pytest.Item) -> Iterator[None]:
        with self._started.named() as found:
            yield
        if found and not item.get_closest_marker(MARK):
            pytest.fail(f"starts a process, and is not marked `{MARK}`: {'; '.join(found)}", pytrace=False)


def is_measured(file: Path) -> bool:
    """Whether coverage is measured in what the tests of a file start. `file` is relative to the checkout."""
    return file.as_posix().startswith(MEASURED)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Start processes within the block without measuring their coverage."""
    configuration = os.environ.pop(COVERAGE, None)
    try:
        yield
    finally:
        if configuration is not None:
            os.environ[COVERAGE] = configuration


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """One process runs all tests of a file: what is made once for a module is made once. Those that start a whole
    service run one after the other: each of them keeps a machine busy, and some have limits of time.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return LONG if is_long(self.config.rootpath / file) else file

    def remove_node(self, node: WorkerController) -> str | None:
        """Returns the test at which a process ended. It counts as done: xdist would hand it out again, to end the next.
        So do whole files: a process that is handed one of which nothing is left ends none, and is never asked again.
        """
        work = self.assigned_work[node]
        ended: str | None = None
        for file, tests in list(work.items()):
            for test, done in tests.items():
                if not done and ended is None:
                    tests[test], ended = True, test
            if all(tests.values()):
                del work[file]
        super().remove_node(node)
        return ended

    def _reschedule(self, node: WorkerController) -> None:
        """A process waits with its last test until it knows the one after it: it is handed files until it has two. One
        that has not collected yet, as it takes the place of another, is handed some when it has.
        """
        if node not in self.registered_collections:
            return
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            self._assign_work_unit(node)


@cache
def is_long(file: Path) -> bool:
    """Whether the tests of a file are marked as long. Who hands the tests out knows them by name only."""
    return f"pytest.mark.{LONG}" in file.read_text(encoding="utf-8")


def long_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The order of the given items but for one thing: what runs longest must not begin when nothing else is left. What
    starts a whole service comes first, then the lengthy files.
    """
    return sorted(items, key=lambda one: (one.get_closest_marker(LONG) is None, not is_lengthy(one)))


def is_lengthy(item: pytest.Item) -> bool:
    """Whether a test stands in one of the lengthy files."""
    return item.path.relative_to(item.config.rootpath).as_posix() in LENGTHY
