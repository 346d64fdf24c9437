"""The registry of stand-ins: every channel of the service has one, and one alone."""

import argparse
import json
from typing import Any

import pytest

from channels.sms.smpp.settings import SmppGatewaySettings
from dispatcher.metrics import CHANNELS
from ops.lab.gateways.registry import ALL, BY_SMPP, STANDINS, WITH_PHONES, by_audience, spec_of
from ops.lab.gateways.spec import Site

SITE = Site(token="token", report_secret="secret", decrypt="later", certificate=None, key=None)


def test_every_channel_has_one_stand_in() -> None:
    families = {spec.family: spec.channel for spec in WITH_PHONES.values()}
    assert len(families) == len(WITH_PHONES)
    assert families.pop("unifiedpush") == "webpush"  # to the service it is one more push service
    assert sorted(families) == sorted(families.values()) == sorted(CHANNELS)
    assert all(name == spec.name for name, spec in STANDINS.items())


def test_a_district_may_have_an_sms_centre_in_place_of_the_provider() -> None:
    assert {spec.channel for spec in BY_SMPP.values()} == {spec.channel for spec in STANDINS.values()}
    assert set(BY_SMPP) - set(STANDINS) == {"smsc"}
    (settings,) = ALL["smsc"].settings(SITE, "smpp://127.0.0.1:2775").values()
    gateway = SmppGatewaySettings(**json.loads(settings)[0])
    assert gateway.gateway().plan.centres[0].name == "127.0.0.1:2775"
    arguments = ALL["smsc"].arguments(SITE)
    assert gateway.password.get_secret_value() == arguments[arguments.index("--password") + 1]


def test_persons_are_shared_out_once() -> None:
    first, *others = by_audience(WITH_PHONES.values())
    assert first.share == 1.0
    assert sum(spec.share for spec in others) < 1.0
    assert WITH_PHONES["unifiedpush"].share > 0


def test_those_of_a_district_are_found_by_their_names() -> None:
    names = [name for spec in WITH_PHONES.values() for name in spec.names(several=3)]
    assert {"webpush-1", "webpush-2", "webpush-3"} <= set(names)
    assert len(names) == len(set(names))
    assert all(name in spec_of(name).names(several=3) for name in names)
    with pytest.raises(KeyError):
        spec_of("fax")


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_one_of_a_district_is_launched_with_options_that_it_knows(spec: Any) -> None:
    parser = argparse.ArgumentParser()
    spec.add_options(parser)
    parser.parse_args(spec.arguments(SITE))
    assert all(name.startswith("WARN_") for name in spec.settings(SITE, "http://127.0.0.1:1"))
    assert spec.subscriber(1, 5).ref == spec.subscriber(1, 5).ref != spec.subscriber(1, 6).ref
