"""What an operator sends is what is asked for, and no secret is in what he is told."""

import pytest

from dispatcher.api.operator.answers import created, instance_body, line, wanted_change
from dispatcher.api.operator.bodies import InstanceChange
from dispatcher.apps.administration import InstanceAccount, WantedChange
from dispatcher.apps.profile import NamedProfile
from dispatcher.model.principals import ChannelCredential, Instance, PartyEntry
from dispatcher.store.keys import KeyList
from tests.support.messages import DUEREN, NOW

ENTRY = PartyEntry("dueren", "Düren", (), (DUEREN,), NOW, None, 1)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{}", WantedChange(NamedProfile())),
        ('{"contact": null, "shows": null}', WantedChange(NamedProfile(contact="", shows=()))),
        ('{"branding": null}', WantedChange(NamedProfile(colour="", text_colour="", logo=""))),
        ('{"branding": {"logo": null}}', WantedChange(NamedProfile(logo=""))),
        ('{"branding": {}, "name": null}', WantedChange(NamedProfile())),
        ('{"requests_per_minute": null}', WantedChange(NamedProfile(), None, names_quota=True)),
        ('{"requests_per_minute": 0}', WantedChange(NamedProfile(), 0, names_quota=True)),
    ],
)
def test_null_takes_away_and_what_is_left_out_stays(body: str, wanted: WantedChange) -> None:
    assert wanted_change(InstanceChange.model_validate_json(body)) == wanted


def test_an_instance_is_told_without_any_secret() -> None:
    credential = ChannelCredential("dueren", "fcm", "ab12", created_at=NOW)
    account = InstanceAccount(
        Instance("dueren", "Düren", (DUEREN,)), ENTRY, KeyList((), NOW), [], {}, [credential]
    )
    body = created(account, None)
    assert instance_body(account).model_dump() == body.model_dump(exclude={"key"})
    assert (body.id, body.state, body.key, body.keys) == ("dueren", "enabled", None, [])
    assert body.credentials[0].model_dump(exclude={"created_at"}) == {
        "channel": "fcm",
        "fingerprint": "ab12",
        "subject": "",
        "replaced_at": None,
    }
    assert line(ENTRY).municipalities == 1
