"""What tells people on duty, as it is wired."""

from pathlib import Path

import pytest

from channels.mail.settings import SmtpSecurity
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.on_duty import mailer, new_code


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


@pytest.mark.parametrize("channel", [DutyChannel.SMS, DutyChannel.EMAIL])
def test_a_code_that_is_typed_has_six_digits(channel: DutyChannel) -> None:
    codes = {new_code(channel) for _ in range(20)}
    assert all(len(one) == 6 and one.isdigit() for one in codes)
    assert len(codes) > 1


def test_a_code_that_a_browser_brings_back_cannot_be_guessed() -> None:
    assert len(new_code(DutyChannel.WEBPUSH)) >= 22
