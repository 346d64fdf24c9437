"""A whole small world in one call: people, gateways, the service, a control centre that may warn.

    with District(Path("var/somewhere")) as district:
        answer = district.submit(xml)
        district.wait_settled(answer.alert_id)
        district.gateways["sms"].ledger

Everything runs in processes of its own that end with the block, or with the caller, however that ends.
Nothing is taken from the caller's settings and every port is a free one: any number of districts can stand
side by side.
"""

from __future__ import annotations

import secrets
import ssl
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.lab.gateways import launch
from ops.lab.gateways.registry import STANDINS, spec_of
from ops.lab.gateways.spec import Site
from ops.lab.gateways.standins.webpush import UserAgents
from ops.lab.gateways.state import WEBPUSH_FILE
from ops.lab.world import ledger, people, population
from ops.lab.world.certificate import write_certificate
from ops.lab.world.commands import CommandLine
from ops.lab.world.population import INHABITANTS, Origins, PopulationPlan, Recipient
from ops.lab.world.service import UP, ApiResponse, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from ops.lab.gateways.launch import Standin
    from ops.lab.gateways.spec import StandinSpec
    from ops.lab.world.people import Person
    from ops.lab.world.records import GatewayRecord, ServiceRecord

SOURCE = "leitstelle"
SENDER = "leitstelle@kreis-dueren.example"
TERRITORY = "05358"
"""Kreis Düren."""
SETTLES_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Says how large the world is, and what is set otherwise than by default."""

    plan: PopulationPlan = field(default_factory=PopulationPlan)
    workers: int = 2
    push_services: int = 2
    """The number of origins over which Web Push subscriptions are spread; each is a process."""
    push_tls: bool = True
    """Whether these speak TLS and HTTP/2, as real ones do, or HTTP/1.1 in the clear, which costs half as much: for
    benchmarks that are not to measure the gateways."""
    decrypt: str = "inline"
    """Whether the push services open what they get at once (`inline`) or leave it to the reader of their
    ledgers (`later`), which keeps the processor free for the service."""
    texts: int = 0
    """Of each message, the texts of so many that a gateway accepted stand in its ledger."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the service, by environment variable."""
    exempt: str = ""
    """Origins that the service may contact beside the stand-ins', as in WARN_ALLOWED_ORIGINS."""
    command: tuple[str, ...] = UP
    """The arguments for Python that start the service."""
    standins: Mapping[str, StandinSpec] = field(default_factory=lambda: STANDINS)
    """The gateways by name: `BY_SMPP` has an SMS centre in place of the provider with an HTTP interface."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further options of gateways, by name."""


class District:
    """A running world: entering it starts everything, leaving it stops everything. `home` should not exist before."""

    def __init__(
        self,
        home: Path,
        layout: Layout | None = None,
        step: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Each step of the start and of the end, which may take a while, is done within `step(its name)`."""
        self._step = step
        self.home = home.resolve()
        self.layout = layout or Layout()
        self.recipients: tuple[Recipient, ...] = ()
        self.people: tuple[Person, ...] = ()
        """Who may subscribe themselves; nobody has until an app asks."""
        self.gateways: dict[str, Standin] = {}
        """The gateways by name, see `StandinSpec.names`: `app`, `sms`, `webpush-1`, `webpush-2`, ..."""
        self.service: Service
        self._trusting: ssl.SSLContext | None = None
        self._running = ExitStack()
        self._up = False

    def __enter__(self) -> Self:
        """Raises StandinError, ServiceError; then nothing is left running."""
        with ExitStack() as running:
            with self._step(f"making {self.layout.plan.subscriptions} subscriptions, with keys"):
                population.make(self.state, self.layout.plan)
                self.recipients = tuple(population.read(self.state))
                self.people = tuple(people.read(self.state))
            with self._step("starting stand-ins for push services, SMS provider and apps"):
                self._start_gateways(running)
            self.service = Service(self.home / "service", self._settings(), self.layout.command)
            running.callback(self.service.stop)
            with self._step("starting the service: PostgreSQL, Valkey, API, workers"):
                self.service.start()
            with self._step(f"importing {len(self.recipients)} subscriptions"):
                self._enrol()
            self._running = running.pop_all()
            self._up = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop everything: the service first, so that none of its sends meets a closed port."""
        if self._up:
            self._up = False
            with self._step("stopping the service"):
                self._running.close()

    @property
    def state(self) -> Path:
        """Return the population's directory."""
        return self.home / "population"

    def _start_gateways(self, running: ExitStack) -> None:
        (self.home / "ledgers").mkdir(parents=True, exist_ok=True)
        certificate, key = self._certificate() if self.layout.push_tls else (None, None)
        self._site = Site(
            token=secrets.token_hex(16),  # none that begins like an option
            report_secret=secrets.token_hex(16),
            decrypt=self.layout.decrypt,
            certificate=certificate,
            key=key,
        )
        if certificate:
            self._trusting = ssl.create_default_context(cafile=certificate)
        for spec in self.layout.standins.values():
            for name in spec.names(self.layout.push_services):
                self._start_gateway(name, running)

    def _certificate(self) -> tuple[Path, Path]:
        folder = self.home / "tls"
        folder.mkdir(exist_ok=True)
        return write_certificate(folder, datetime.now(UTC))

    def _start_gateway(self, name: str, running: ExitStack, *more: str) -> None:
        spec = spec_of(name)
        standin = launch.start(
            spec.name,
            ledger=self.home / "ledgers" / f"{name}.ndjson",
            state=self.state,
            options=(
                *spec.arguments(self._site),
                "--texts",
                str(self.layout.texts),
                *self.layout.options.get(spec.name, ()),
                *more,
            ),
            tls=self._trusting,
        )
        self.gateways[name] = running.enter_context(standin)

    def named(self, spec: StandinSpec) -> tuple[str, ...]:
        """Return the gateways that `spec` describes."""
        return spec.names(self.layout.push_services)

    @property
    def certificate(self) -> Path | None:
        """Return the certificate that a client must trust to speak to the push services, None where they do not speak
        TLS."""
        return self._site.certificate

    @property
    def report_secret(self) -> str:
        """Return the secret that the SMS gateway shows with its delivery reports."""
        return self._site.report_secret

    @property
    def exemptions(self) -> str:
        """Return what lets the service contact the stand-ins on loopback, and what else: WARN_ALLOWED_ORIGINS."""
        exempt = [spec for spec in self.layout.standins.values() if spec.purpose]
        own = [f"{spec.purpose}={url}" for spec in exempt for url in self._urls(spec)]
        return ",".join([*own, *filter(None, [self.layout.exempt])])

    def _settings(self) -> dict[str, str]:
        by_channel = (
            spec.settings(self._site, self._urls(spec)[0]) for spec in self.layout.standins.values()
        )
        return {
            "WARN_WORKERS": str(self.layout.workers),
            "WARN_ALLOWED_ORIGINS": self.exemptions,
            **{name: value for settings in by_channel for name, value in settings.items()},
            **self.layout.settings,
        }

    def _urls(self, spec: StandinSpec) -> list[str]:
        return [self.gateways[name].url for name in self.named(spec)]

    @property
    def origins(self) -> Origins:
        """Return where the gateways listen that are reached by URL."""
        standins = self.layout.standins.values()
        return Origins({spec.family: self._urls(spec) for spec in standins if spec.by_url})

    def _enrol(self) -> None:
        """Register the control centre, the municipalities' apps and all subscriptions with the service."""
        file = self.home / "subscriptions.ndjson"
        with file.open("wb") as lines:
            lines.writelines(population.import_lines(self.recipients, self.origins))
        key, *_ = self.service.commands(
            ["source", "add", SOURCE, "--sender", SENDER, "--territory", TERRITORY],
            *(["instance", "add", ags, "--place", ags] for ags in INHABITANTS),
            *self._credentials(),
            ["subscriptions", "import", str(file)],
        )
        self.service.key = key.strip()

    def _credentials(self) -> Iterator[CommandLine]:
        """Yield what gives municipalities' apps what they have of their own to speak with gateways."""
        for spec in self.layout.standins.values():
            for url in self._urls(spec):
                for ags, secret in spec.credentials(self.state, url).items():
                    yield CommandLine(("instance", "credential", ags, spec.channel, "--stdin"), secret)

    def submit(self, xml: bytes) -> ApiResponse:
        """Submit one CAP message as the control centre. Raises OSError or HTTPException without an answer."""
        return self.service.submit(xml)

    def status(self, alert_id: str) -> dict[str, Any]:
        """Return the alert's progress, as the API reports it."""
        return self.service.status(alert_id)

    def wait_settled(self, alert_id: str, within_s: float = SETTLES_WITHIN_S) -> dict[str, Any]:
        """Wait until every recipient is accounted for, and return the alert as in the API. Raises ServiceError."""
        return self.service.wait_settled(alert_id, within_s)

    def ledger(self, alert_id: str) -> tuple[ServiceRecord, ...]:
        """Return what the service says became of every recipient of the alert, under the families' names."""
        families = {one.ref: one.channel for one in self.recipients}
        return tuple(
            replace(record, channel=families.get(record.recipient, record.channel))
            for record in self.service.ledger(alert_id)
        )

    def gateway_records(self) -> Iterator[GatewayRecord]:
        """Read all that the gateways wrote down so far, decrypted with their users' keys."""
        return gateway_records(self.home)

    def kill_worker(self, number: int) -> int:
        """Send SIGKILL to `worker-<number>`, from 1. Returns its pid. The supervisor starts another in its place."""
        return self.service.kill(f"worker-{number}")

    def kill_gateway(self, name: str) -> None:
        """Send SIGKILL to a gateway: its port refuses connections until `start_gateway`."""
        self.gateways[name].kill()

    def start_gateway(self, name: str) -> None:
        """Start a killed gateway again, at the same port and with the same ledger. Raises StandinError."""
        [port] = self.gateways[name].ready.ports
        self._start_gateway(name, self._running, "--port", str(port))

    def pids(self) -> dict[str, int]:
        """Return the pid of every process by name, gateways as `gateway:<name>`."""
        gateways = {f"gateway:{name}": one.process.pid for name, one in self.gateways.items()}
        return {**self.service.pids(), **gateways}

    def metrics(self) -> dict[str, str]:
        """Read the text of every process' /metrics that answers now, by name."""
        return self.service.metrics()


def gateway_records(home: Path, messages: Mapping[str, str] | None = None) -> Iterator[GatewayRecord]:
    """Read what the gateways of the district in `home` wrote down, whether they still run or not. `messages`: see
    `ledger.gateway_records`."""
    agents: UserAgents | None = None
    for file in sorted((home / "ledgers").glob("*.ndjson")):
        entries = ledger.read(file).entries
        if agents is None and any(entry.raw for entry in entries):
            agents = UserAgents(home / "population" / WEBPUSH_FILE)
        opened = ledger.opened(entries, agents.open_raw) if agents else iter(entries)
        yield from ledger.gateway_records(opened, messages)
