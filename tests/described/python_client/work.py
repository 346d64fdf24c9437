"""The work of a control centre and of an app, with a generated client and nothing else.

Arguments: the files of a CAP message, of its Cancel, and of one that nobody can read. Prints what it found as JSON.
"""

import importlib
import json
import os
import pkgutil
import sys
from io import BytesIO
from pathlib import Path

import cap_dispatcher_client.api
from cap_dispatcher_client import AuthenticatedClient, Client
from cap_dispatcher_client.api.alerts import (
    get_alert,
    get_alert_cap,
    get_alert_ledger,
    list_alerts,
    preview_alert,
    submit_alert,
)
from cap_dispatcher_client.api.boundaries import get_boundaries
from cap_dispatcher_client.api.feeds import list_feeds, push_messages
from cap_dispatcher_client.api.gateways import report_deliveries_by_query
from cap_dispatcher_client.api.instances import (
    get_alert_cap_for_instance,
    get_push_key,
    get_webhook,
    list_alerts_in_force,
    remove_webhook,
    rotate_webhook_secret,
    set_webhook,
)
from cap_dispatcher_client.models import (
    MalformedProblem,
    NotFoundProblem,
    Reason,
    RotationWanted,
    Severity,
    UnauthenticatedProblem,
    WebhookWanted,
)
from cap_dispatcher_client.types import File

SERVICE = os.environ["SERVICE"]
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def client(name: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=SERVICE, token=os.environ[name])


def cap(file: str) -> File:
    return File(payload=BytesIO(Path(file).read_bytes()))


def control_centre(message: str, broken: str) -> dict:
    source = client("SOURCE_KEY")
    preview = preview_alert.sync(client=source, body=cap(message))
    assert preview.reason is Reason.FIRST_NOTICE, preview
    accepted = submit_alert.sync_detailed(client=source, body=cap(message))
    alert = accepted.parsed.alert
    assert accepted.headers["Location"] == f"/v1/alerts/{alert.id}"
    assert alert.severity is Severity.SEVERE
    again = submit_alert.sync_detailed(client=source, body=cap(message))
    assert (again.parsed.repeated, again.parsed.alert.id) == (True, alert.id)
    refused = submit_alert.sync(client=source, body=cap(broken))
    assert isinstance(refused, MalformedProblem), refused
    nothing = get_alert.sync(UNKNOWN, client=source)
    assert isinstance(nothing, NotFoundProblem), nothing
    stranger = list_alerts.sync(client=AuthenticatedClient(base_url=SERVICE, token="wk_x"))
    assert isinstance(stranger, UnauthenticatedProblem), stranger
    status = get_alert.sync(alert.id, client=source)
    listed = list_alerts.sync(client=source, limit=5)
    assert [one.id for one in listed.alerts] == [status.alert.id] == [alert.id]
    lines = get_alert_ledger.sync(alert.id, client=source).payload.read().splitlines()
    return {
        "statuses": [accepted.status_code, again.status_code],
        "municipalities": [place.ags for place in status.municipalities],
        "refused": [one.code for one in refused.errors],
        "same_bytes": get_alert_cap.sync(alert.id, client=source).payload.read()
        == Path(message).read_bytes(),
        "ledger": [json.loads(line)["channel"] for line in lines],
        "alert": alert.id,
    }


def app(alert: str, message: str, cancel: str) -> dict:
    instance, source = client("INSTANCE_KEY"), client("SOURCE_KEY")
    before = list_alerts_in_force.sync(client=instance)
    shown = get_alert_cap_for_instance.sync(alert, client=instance)
    ended = submit_alert.sync(client=source, body=cap(cancel))
    assert ended.alert.reason is Reason.CANCEL, ended
    after = list_alerts_in_force.sync(client=instance)
    return {
        "in_force": [one.id for one in before.alerts] == [alert],
        "same_bytes": shown.payload.read() == Path(message).read_bytes(),
        "after": [one.id for one in after.alerts],
    }


def webhook() -> dict:
    instance = client("INSTANCE_KEY")
    url = "https://app.dueren.example/warnings"
    made = set_webhook.sync(client=instance, body=WebhookWanted(url=url))
    rotated = rotate_webhook_secret.sync(client=instance, body=RotationWanted(overlap_hours=1))
    shown = get_webhook.sync(client=instance)
    removed = remove_webhook.sync_detailed(client=instance)
    gone = get_webhook.sync(client=instance)
    assert isinstance(gone, NotFoundProblem), gone
    return {
        "url": shown.url,
        "secrets": [made.secret[:6], rotated.secret[:6], len({made.secret, rotated.secret})],
        "removed": removed.status_code,
        "push_key": len(get_push_key.sync(client=Client(base_url=SERVICE)).application_server_key),
    }


def others(message: str) -> dict:
    boundaries = get_boundaries.sync(client=Client(base_url=SERVICE))
    pushed = push_messages.sync("mowas", client=client("FEED_KEY"), body=cap(message))
    reported = report_deliveries_by_query.sync_detailed("provider", client=client("GATEWAY_SECRET"))
    return {
        "attributed": "BKG" in boundaries.attribution,
        "feeds": [feed.name for feed in list_feeds.sync(client=client("INSTANCE_KEY")).feeds],
        "pushed": len(pushed.messages),
        "reported": reported.status_code,
    }


def operations() -> list[str]:
    """Import every module that was generated: one that is broken must not go unseen."""
    found = pkgutil.walk_packages(cap_dispatcher_client.api.__path__, "cap_dispatcher_client.api.")
    return [
        name.rpartition(".")[2]
        for _, name, is_package in found
        if importlib.import_module(name) and not is_package
    ]


if __name__ == "__main__":
    message, cancel, broken = sys.argv[1:]
    centre = control_centre(message, broken)
    done = {
        "operations": operations(),
        "centre": centre,
        "app": app(centre["alert"], message, cancel),
        "webhook": webhook(),
        "others": others(message),
    }
    sys.stdout.write(json.dumps(done))
