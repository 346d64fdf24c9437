"""What tells people on duty, as it is wired."""

import json
from pathlib import Path
from typing import Any

import pytest

from channels.mail.settings import SmtpSecurity
from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.endpoints import NewEndpoint, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record
from dispatcher.store.persons.persons import Persons
from dispatcher.wiring.on_duty import mailer, new_code
from dispatcher.wiring.worker import worker_dependencies
from tests.channels.far_side import answer, far_side
from tests.channels.mail import conftest as mail
from tests.channels.mail.conftest import Mailbox
from tests.channels.webpush import subscription as browser
from tests.support.on_duty import NUMBER, endpoints_of
from tests.wiring.sending import sms_gateway

authority, box, smtp = mail.authority, mail.box, mail.smtp
TAKEN = answer(200, {}, b'{"status": "OK", "message": {"id": "s-1"}}')


def test_mail_goes_by_the_server_of_the_settings_or_not_at_all() -> None:
    assert mailer(Settings()) is None
    made = mailer(Settings(smtp_host="mail.kreis.example", smtp_sender="w@kreis.example"))
    assert made is not None
    assert (made._server.port, made._server.security) == (587, SmtpSecurity.STARTTLS)


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    settings = Settings(
        smtp_host="mail.kreis.example", smtp_sender="w@kreis.example", outbound_ca_file=tmp_path / "none"
    )
    with pytest.raises(SettingsError, match="WARN_OUTBOUND_CA_FILE"):
        mailer(settings)


async def test_a_worker_reaches_people_by_what_the_settings_name(
    env: pytest.MonkeyPatch, database_url: str, redis_url: str, smtp: Any, box: Mailbox
) -> None:
    server = smtp(SmtpSecurity.NONE)
    async with far_side(answer(201)) as push, far_side(TAKEN) as sms:
        gateways = [
            json.loads(sms_gateway(f"{sms.origin}/{name}"))[0] | {"name": name} for name in ("a", "b")
        ]
        env.setenv("WARN_SMS_GATEWAYS", json.dumps(gateways))
        settings = Settings(
            database_url=database_url,
            redis_url=redis_url,
            allowed_origins=frozenset({f"gateway={sms.origin}", f"push={push.origin}"}),
            duty_sms_gateway="b",
            smtp_host="localhost",
            smtp_port=server.listens,
            smtp_security=SmtpSecurity.NONE,
            smtp_sender="w@kreis.example",
        )
        pool = await record.connect(database_url, size=2)
        keys = {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}
        await Persons(pool).add(Person("m.keller", Environment.LIVE), UNNAMED_OPERATOR)
        for new in (
            NewEndpoint(DutyChannel.WEBPUSH, f"{push.origin}/p", keys),
            typed_endpoint(DutyChannel.SMS, NUMBER),
            typed_endpoint(DutyChannel.EMAIL, "m.keller@kreis.example"),
        ):
            number = await endpoints_of(pool).add("m.keller", new, UNNAMED_OPERATOR)
            assert number is not None
            await endpoints_of(pool).ask_code(number, UNNAMED_OPERATOR)
        async with worker_dependencies(settings) as worker:
            assert worker.duty_desk is not None
            assert await worker.duty_desk.send() == 3
        assert [one.last_answer for one in await endpoints_of(pool).listed()] == ["accepted"] * 3
        await pool.close()
    assert json.loads(browser.decrypt(push.seen[0].body))["endpoint"] == 1
    assert [seen.target for seen in sms.seen] == ["/b/messages"]
    assert len(box.taken) == 1


@pytest.mark.parametrize("channel", [DutyChannel.SMS, DutyChannel.EMAIL])
def test_a_code_that_is_typed_has_six_digits(channel: DutyChannel) -> None:
    codes = {new_code(channel) for _ in range(20)}
    assert all(len(one) == 6 and one.isdigit() for one in codes)
    assert len(codes) > 1


def test_a_code_that_a_browser_brings_back_cannot_be_guessed() -> None:
    assert len(new_code(DutyChannel.WEBPUSH)) >= 22
