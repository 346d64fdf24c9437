"""The alarms of certificates: real servers show one that is about to end, that has ended, or none, and each calls in its
promised time and ends with its cause.

What a worker's metrics show at each look is evaluated by promtool with the rules as they are shipped; between two looks
a quarter of an hour passes.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.record import Pool
from dispatcher.wiring.doctor.certificates import certificate_examination
from dispatcher.worker.health.certificates import EVERY_S, CertificateExamination
from tests.channels.far_side import closed_port
from tests.metrics.test_registry import samples
from tests.ops import rule_tests
from tests.ops.rehearsals import step
from tests.wiring.doctor.test_certificates import HERE, NOW, World

pytestmark = pytest.mark.timeout(300)

SCRAPED_EVERY_S = 60
AT_EACH_LOOK = int(EVERY_S) // SCRAPED_EVERY_S
FIRING = (
    'count by (alertname, part, severity) (ALERTS{alertname=~"DispatcherCertificate.*",alertstate="firing"})'
)
Calls = frozenset[tuple[str, str, str]]
"""What fires: (alert, part, severity)."""
NOBODY: Calls = frozenset()
OUR_LAST_DAY = frozenset({("DispatcherCertificateEnds", part, "critical") for part in ("public", "console")})
GATEWAY_LATE = ("DispatcherCertificateEnds", "gateway", "warning")
UNSEEN = ("DispatcherCertificateUnknown", "", "warning")


class Timeline:
    """What a worker showed at each look: values by series."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._looks: list[dict[str, float]] = []
        self._worker: tuple[Settings, Metrics, CertificateExamination] | None = None

    async def look(self, settings: Settings, times: int = 1) -> None:
        """Look at the peers of these settings, by the worker before if it has the same ones, and see the same at the
        looks after it.
        """
        if self._worker is None or self._worker[0] is not settings:
            metrics = Metrics()
            self._worker = settings, metrics, certificate_examination(settings, (), self._pool, metrics)
        _, metrics, examination = self._worker
        await examination.examine()
        shown = {
            f'{name}{{job="dispatcher",instance="w1",part="{dict(labels)["part"]}"}}': value
            for (name, labels), value in samples(metrics).items()
            if name.startswith("warn_certificate_")
        }
        for _ in range(times):
            passed = len(self._looks) * EVERY_S - NOW.timestamp()
            self._looks.append(
                {name: value + passed * ("timestamp" in name) for name, value in shown.items()}
            )

    def test(self, expected: dict[float, Calls]) -> str:
        """What promtool is to find: what fires so many looks after the first."""
        return (
            "rule_files:\n  - ../rules/recording.yml\n  - ../rules/alerts.yml\n\nevaluation_interval: 1m\n\ntests:"
            f"\n  - name: certificates\n    interval: {SCRAPED_EVERY_S}s\n    input_series:\n"
            + "".join(
                f"      - {{series: '{name}', values: '{self._values(name)}'}}\n" for name in self._looks[0]
            )
            + "    promql_expr_test:\n"
            + "".join(
                f"      - {{expr: '{FIRING}', eval_time: {at * EVERY_S:.0f}s, exp_samples: [{', '.join(_samples(calls))}]}}\n"
                for at, calls in expected.items()
            )
        )

    def _values(self, name: str) -> str:
        return " ".join(
            " ".join(["NaN" if isnan(look[name]) else f"{look[name]:.0f}"] * AT_EACH_LOOK)
            for look in self._looks
        )


def _samples(calls: Calls) -> Iterator[str]:
    for alert, part, severity in sorted(calls):
        whose = f',part="{part}"' if part else ""
        yield f"""{{labels: '{{alertname="{alert}"{whose},severity="{severity}"}}', value: 1}}"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


async def test_each_calls_in_its_promised_time_and_ends_with_its_cause(
    pool: Pool, promtool: Any, tmp_path: Path
) -> None:
    timeline = Timeline(pool)
    async with AsyncExitStack() as stack:
        world = World(stack, tmp_path)

        async def settings(ours: float, gateways: float, servers: AsyncExitStack = stack) -> Settings:
            gateway = {"name": "a", "url": f"{await world.serves('gateway', gateways, stack=servers)}/send"}
            public, console = [await world.serves("", ours, HERE, servers) for _ in range(2)]
            return world.settings(public_url=f"{public}/", console_url=console, sms_gateways=[gateway])

        await timeline.look(await settings(60, 60))
        async with AsyncExitStack() as servers:
            late = await settings(0.8, 10, servers)
            await timeline.look(late, times=2)
        await timeline.look(late)
        await timeline.look(await settings(-1, -1))
        await timeline.look(await settings(90, 90))
        await timeline.look(world.settings(public_url=f"https://{HERE}:{closed_port()}/"), times=7)
        renewed = await settings(90, 90)
        await timeline.look(renewed.model_copy(update={"outbound_ca_file": None}), times=7)
        assert step("DispatcherCertificateUnknown", "WARN_OUTBOUND_CA_FILE")  # the authority is put into it
        await timeline.look(renewed)
    expected: dict[float, Calls] = {
        0.9: NOBODY,
        1.1: OUR_LAST_DAY,  # at the first look
        2.2: OUR_LAST_DAY,
        2.5: OUR_LAST_DAY | {GATEWAY_LATE},  # after twenty minutes
        3.5: OUR_LAST_DAY | {GATEWAY_LATE},  # neither can be reached for a moment
        4.5: OUR_LAST_DAY | {GATEWAY_LATE},  # both have ended
        5.1: NOBODY,  # renewed
        17.9: NOBODY,  # nobody sees ours, or believes who signed it, for less than three hours
        18.2: frozenset({UNSEEN}),
        20.1: NOBODY,
    }
    test = timeline.test(expected)
    status, said = promtool("test", "rules", rule_tests.write(tmp_path / "rules", test))
    assert status == 0, said
    # And what does not call as it should is noticed.
    silent = timeline.test(expected | {2.5: OUR_LAST_DAY})
    status, said = promtool("test", "rules", rule_tests.write(tmp_path / "silent", silent))
    assert status != 0
    assert "DispatcherCertificateEnds" in said
