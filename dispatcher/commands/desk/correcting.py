"""`dispatcher correct`: take back what was wrong, at once, in prepared words."""

from __future__ import annotations

from typing import Annotated

import typer

from dispatcher.commands.desk.following import AlertId, alert_number, page_of
from dispatcher.commands.desk.service import Service, WrongCall
from dispatcher.commands.desk.session import AsJson, InsecureHttp, Language, Url, explained
from dispatcher.commands.desk.submission import show_accepted
from dispatcher.commands.shell.help_text import SENT, Where, helped
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk


@helped(
    Where.ANYWHERE,
    "dispatcher correct 01K… --false-alarm",
    "dispatcher correct 01K… --exercise",
    "dispatcher correct 01K… --wrong-area",
    exits=SENT
    | {3: "unbekannt, ob angenommen: denselben Befehl noch einmal; niemand wird zweimal benachrichtigt"},
)
def correct(  # noqa: PLR0913 - the options of a command
    alert_id: AlertId,
    url: Url = "",
    *,
    false_alarm: Annotated[bool, typer.Option("--false-alarm", help="die Gefahr gibt es nicht")] = False,
    exercise: Annotated[
        bool, typer.Option("--exercise", help="es war eine Übung, versehentlich echt gesendet")
    ] = False,
    wrong_area: Annotated[bool, typer.Option("--wrong-area", help="sie ging an ein falsches Gebiet")] = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Eine falsche Warnung sofort zurücknehmen und richtigstellen, ohne Vorschau und Rückfrage.

    Wer gewarnt ist, liest in vorbereiteten Worten, in jeder Sprache des Dienstes, was falsch war. Die Richtigstellung
    geht allem anderen vor und ist so laut wie die Warnung. Eigene Worte: `dispatcher cancel 01K… --text …`.
    """
    at = desk(language)
    with explained(at, as_json=as_json):
        wanted = {"false-alarm": false_alarm, "exercise": exercise, "wrong-area": wrong_area}
        chosen = [what for what, is_chosen in wanted.items() if is_chosen]
        if len(chosen) != 1:
            raise WrongCall("correct_one")
        number = alert_number(alert_id)
        service = Service.at(url, insecure_http=insecure_http)
        answer = service.post(f"{page_of(service, number)}/correct?what={chosen[0]}", b"", "alert")
        show_accepted(answer, at, as_json=as_json)
