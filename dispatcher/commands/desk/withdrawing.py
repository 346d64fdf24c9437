"""`dispatcher withdraw`: take back one message that waits for a person, and nothing else."""

from __future__ import annotations

from dispatcher.commands.desk.following import AlertId, alert_number, page_of, show_status
from dispatcher.commands.desk.service import Service
from dispatcher.commands.desk.session import AsJson, InsecureHttp, Language, Url, explained
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk


@helped(
    Where.ANYWHERE,
    "dispatcher withdraw 01K…",
    "dispatcher withdraw 01K… --json",
    exits={
        0: "zurückgezogen: sie geht an niemanden",
        1: "abgelehnt, nichts ist geändert: sie wartet nicht, oder es gibt sie nicht",
        2: "falscher Aufruf, nichts ist geändert: den Aufruf berichtigen",
        3: "unbekannt, ob zurückgezogen: denselben Befehl noch einmal",
    },
)
def withdraw(
    alert_id: AlertId,
    url: Url = "",
    *,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Eine eigene Meldung zurückziehen, die noch auf eine Person wartet, und nur diese.

    Was sie ändern sollte, gilt unverändert weiter, und niemand erfährt davon. Beides beenden: `dispatcher all-clear`.
    """
    at = desk(language)
    with explained(at, as_json=as_json):
        number = alert_number(alert_id)
        service = Service.at(url, insecure_http=insecure_http)
        show_status(
            service.post(f"{page_of(service, number)}/withdraw", b"", "channels"), at, as_json=as_json
        )
