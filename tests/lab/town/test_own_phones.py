"""A phone of one's own needs no account of anybody, and what its app would be handed stands in a file."""

import json
import re
from pathlib import Path

import pytest

from ops.lab.gateways.__main__ import _parser
from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.gateways.standins import apns, fcm
from ops.lab.town.own_phones import FOLDER, OPTIONS, HandedOver, credentials, lines
from ops.lab.world.ledger import Entry
from tests.support import documents


def entry(channel: str, handed: str) -> Entry:
    return Entry(
        channel=channel,
        recipient="r",
        accepted=True,
        status=200,
        wall_ns=1,
        mono_ns=1,
        process=1,
        number=1,
        port=1,
        handed=handed,
    )


def test_what_is_handed_over_stands_in_the_file_of_its_channel_and_nothing_else_does(tmp_path: Path) -> None:
    own = HandedOver(tmp_path)
    assert [file.read_text() for file in own.files.values()] == ["", ""]
    own.note([entry("fcm", '{"fcm": {}}'), entry("sms", ""), entry("apns", '{"apns": "ü"}')])
    own.note([entry("fcm", '{"fcm": 2}')])
    assert own.files["fcm"].read_text("utf-8") == '{"fcm": {}}\n{"fcm": 2}\n'
    assert own.files["apns"].read_text("utf-8") == '{"apns": "ü"}\n'


def test_the_app_gets_what_the_stand_ins_have_issued(tmp_path: Path) -> None:
    fcm.issue(tmp_path / fcm.KEY_FOLDER, [fcm.TRYOUT])
    apns.issue(tmp_path / apns.KEY_FOLDER, [apns.TRYOUT])
    for_apns, for_fcm = credentials("tryout", tmp_path, "https://127.0.0.1:9")
    assert for_apns.argv == ("instance", "credential", "tryout", "apns", "--stdin")
    assert json.loads(for_apns.input)["topics"] == [apns.TRYOUT]
    assert for_fcm.argv == ("instance", "credential", "tryout", "fcm", "--stdin")
    found = json.loads(for_fcm.input)
    assert (found["project_id"], found["token_uri"]) == (fcm.TRYOUT, "https://127.0.0.1:9/token")


def test_the_stand_ins_know_the_option() -> None:
    parser = _parser()
    for name, options in OPTIONS.items():
        read = parser.parse_args([name, "--ledger", "x", "--state", "x", *options])
        assert read.any_phone == options[1]
        assert WITH_PHONES[name].channel == name


@pytest.mark.parametrize("page", ["phone-app.md", "android-apps.md", "iphone-apps.md"])
def test_the_documents_name_the_files_the_project_and_the_app_as_they_are(page: str) -> None:
    text = documents.page(page)
    assert set(re.findall(r"var/try/(\w+)/", text)) == {FOLDER}
    assert set(re.findall(r"[\"`](warn-try\S*|de\.warn-lab\.\S+?)[\"`]", text)) <= {fcm.TRYOUT, apns.TRYOUT}
    said = "\n".join(lines({"fcm": "FCM FILE", "apns": "APNS FILE"}))
    for name in (fcm.TRYOUT, apns.TRYOUT, "FCM FILE", "APNS FILE"):
        assert name in said
