"""Worker processes that tell people on duty, over one record, with a push service, an SMS gateway and a mail server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.http.client import HttpClient
from channels.mail.settings import SmtpSecurity
from channels.mail.smtp import Mailer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.metrics import Metrics
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.on_duty.texts import DutyTexts
from dispatcher.settings import Settings
from dispatcher.store.clock import RecordClock
from dispatcher.store.on_duty.matters import DutyMatters
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sms.code_parts import CodeParts
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.sms.charges import sms_charges
from dispatcher.wiring.webpush import checking_keys
from dispatcher.worker.code_sms import CodeSms
from dispatcher.worker.on_duty.desk import DutyDesk, DutyStores
from dispatcher.worker.on_duty.ways import DutyWays
from tests.channels.far_side import FarSide, answer, far_side
from tests.channels.mail import conftest as mail
from tests.support.approval_world import ApprovalWorld, approval_world
from tests.support.on_duty import endpoints_of, messages_of
from tests.wiring.sending import sms_gateway

authority, trusting, box, smtp, known_as = mail.authority, mail.trusting, mail.box, mail.smtp, mail.known_as
TAKEN = answer(200, {}, b'{"status": "OK", "message": {"id": "s-1"}}')
HELD_AFTER = timedelta(minutes=5)


@dataclass
class Duty:
    """The far sides, and what makes one more worker process."""

    world: ApprovalWorld
    push: FarSide
    sms: FarSide
    box: mail.Mailbox
    ways: DutyWays
    metrics: Metrics

    @property
    def pool(self) -> Any:
        return self.world.pool

    def worker(self) -> DutyDesk:
        return DutyDesk(
            DutyStores(
                DutyMatters(self.pool), messages_of(self.pool), endpoints_of(self.pool), Persons(self.pool)
            ),
            ways=self.ways,
            texts=DutyTexts(ZoneInfo("Europe/Berlin"), "https://warnung.example"),
            gate=LaneGate(),
            metrics=self.metrics,
            clock=RecordClock(),
            held_after=HELD_AFTER,
        )

    async def now(self) -> datetime:
        found: datetime = await self.pool.fetchval("SELECT clock_timestamp()")
        return found

    async def later(self) -> None:
        """Let all pauses and waits between attempts be over."""
        await self.pool.execute("UPDATE person_endpoint SET busy_until = '-infinity'")
        await self.pool.execute("UPDATE duty_message SET due_at = now() WHERE due_at IS NOT NULL")


@pytest.fixture
def mailer(smtp: Any, known_as: Any) -> Mailer:
    return Mailer(known_as(smtp(SmtpSecurity.STARTTLS)), 10)


@pytest.fixture
async def duty(
    env: pytest.MonkeyPatch,
    database_url: str,
    redis_url: str,
    mailer: Mailer,
    box: mail.Mailbox,
) -> AsyncIterator[Duty]:
    async with (
        far_side(answer(201)) as push,
        far_side(TAKEN) as sms,
        approval_world(database_url, redis_url) as world,
    ):
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(sms.origin))
        origins = frozenset({f"gateway={sms.origin}", f"push={push.origin}"})
        settings = Settings(allowed_origins=origins, request_timeout_s=60)
        http, clock = HttpClient(exemptions(settings).policy()), RecordClock()
        registry = channel_registry(settings, http, checking_keys(settings), clock)
        ways = DutyWays(
            push=registry[DutyChannel.WEBPUSH],
            sms=CodeSms(registry[DutyChannel.SMS], CodeParts(world.pool, sms_charges(settings))),
            sms_gateway=lambda: "haupt",
            mailer=mailer,
            clock=clock,
        )
        yield Duty(world, push, sms, box, ways, world.metrics)
        await http.aclose()
