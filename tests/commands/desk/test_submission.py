"""Messages that somebody has written, against a live API."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cap
from dispatcher.__main__ import app
from dispatcher.model.principals import Source
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import EXERCISE_KEY, KEY
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.messages import DUEREN, JUELICH, SENDER, InfoPart
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning


async def test_submit_preview_and_status_as_processes(
    service: Any, dispatcher: Any, file: Any, pool: Any
) -> None:
    path = file(warning(DUEREN, JUELICH))
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "anna")
    previewed = await dispatcher("preview", path)
    assert previewed.returncode == 0, previewed.stderr
    assert re.match(
        r"Vorschau, nichts ist gesendet: neue Warnung, gültig bis [0-9. :]+ (MEZ|MESZ)\n"
        r"Dringlichkeit: dringend \(priority\)\n",
        previewed.stdout,
    )
    assert f"  {DUEREN}  Düren   100 %  genannt  Web-Push 1\n" in previewed.stdout
    assert f"  {JUELICH}  Jülich  100 %  genannt  niemand\n" in previewed.stdout
    submitted = await dispatcher("submit", path)
    assert submitted.returncode == 0, submitted.stderr
    alert_id = submitted.stdout.split()[0]
    assert f"{alert_id} angenommen: neue Warnung\n" in submitted.stdout
    again = await dispatcher("submit", path)
    assert f"{alert_id} schon früher angenommen: neue Warnung\n" in again.stdout
    await plan(ledger_of(pool), Plans(pool, 10), alert_id)
    status = await dispatcher("status", alert_id)
    assert status.returncode == 0, status.stderr
    assert "1 Empfänger: 0 übergeben, 1 wartend, 0 gescheitert\n" in status.stdout
    assert "Wartet: Web-Push über https://push.example, 1 Empfänger: an der Reihe\n" in status.stdout
    assert "Hochwasser an der Rur" in status.stdout


async def test_a_refusal_names_every_finding_with_its_line(service: Any, run: Any, file: Any) -> None:
    bad = warning(infos=(InfoPart(severity="Schlimm"),))
    done = await run("submit", file(bad))
    assert done.exit_code == 1
    assert "422 Die Meldung verletzt Regeln von CAP" in done.output
    assert "(Zeile " in done.output


async def test_what_has_no_target_is_named(service: Any, run: Any, file: Any) -> None:
    bad = warning(infos=(InfoPart(areas=(), shapes="<circle>48.1,11.5 5</circle>"),))
    done = await run("preview", file(bad))
    assert done.exit_code == 1
    assert 'Kreis 1 von Gebiet 1 "Gebiet": Liegt außerhalb der Gebietsdaten.' in done.output


async def test_no_answer_means_unknown_and_to_send_again(run: Any, file: Any, surroundings: Any) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("submit", file(warning()), "--url", "http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "bitte erneut senden" in done.output


async def test_a_reached_quota_is_told_from_a_refusal_and_says_when_to_send_again(
    service: Any, run: Any, file: Any
) -> None:
    source = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",), quota=1)
    await service.parts.sources.put(source)
    assert (await run("submit", file(warning()))).exit_code == 0
    done = await run("submit", file(warning()))
    assert done.exit_code == 4
    assert "429 Der Zugang hat zu viele Warnungen eingereicht" in done.output
    assert re.search(r"erneut senden in [0-9]{2,4} s\n", done.output)


async def test_municipalities_beyond_the_territory_are_all_listed(service: Any, run: Any, file: Any) -> None:
    done = await run("submit", file(warning(DUEREN, "05334002", "05334004")))
    assert "403 Das Gebiet reicht über" in done.output
    assert "  05334002 Aachen\n  05334004 Alsdorf\n" in done.output


@pytest.mark.parametrize("command", ["submit", "preview"])
async def test_what_is_to_be_named_instead_is_printed_as_references_have_it(
    service: Any, run: Any, file: Any, command: str
) -> None:
    one = warning()
    update = one.later("nachtrag")
    other = one.later("zweig", minutes=2, infos=(InfoPart(areas=(JUELICH,), headline="Dort auch"),))
    for each in (one, update, other):
        assert (await run("submit", file(each))).exit_code == 0
    end = one.later("ende", "Cancel", minutes=3, infos=())
    done = await run(command, file(end))
    assert done.exit_code == 1
    references = [line.strip() for line in done.output.splitlines()[1:] if line.startswith("  ")]
    assert [line.split(",")[1] for line in references] == ["nachtrag", "zweig"]
    assert all(line.endswith("-00:00") for line in references)
    xml = end.xml().decode()
    begin, rest = xml.split("<references>")
    path = file(end)
    path.write_text(f"{begin}<references>{' '.join(references)}{rest[rest.index('</references>') :]}")
    done = await run(command, path)
    assert done.exit_code == 0, done.output
    assert "Aufhebung" in done.output
    assert not [line for line in done.output.splitlines() if "reference" in line], "no finding about them"


async def test_what_was_put_right_in_a_message_is_shown(service: Any, run: Any, file: Any) -> None:
    swapped = warning(infos=(InfoPart(areas=(), shapes="<circle>6.48,50.8 2</circle>"),))
    done = await run("preview", file(swapped))
    assert done.exit_code == 0
    assert "Breite und Länge waren vertauscht" in done.output
    assert "Niemand wird gewarnt: Für diese Gemeinden ist niemand angemeldet.\n" in done.output
    assert "insgesamt: niemand" in done.output


async def test_of_what_was_sent_before_a_preview_says_what_became_of_it(
    service: Any, pool: Any, run: Any, file: Any
) -> None:
    """And not that nobody is subscribed, because nobody would be told of it twice."""
    path = file(warning())
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "anna")
    alert_id = (await run("submit", path)).output[:26]
    await plan(ledger_of(pool), Plans(pool, 10), alert_id)
    done = await run("preview", path)
    assert done.exit_code == 0
    said = f"Diese Meldung ist schon gesendet als {alert_id}: neue Warnung. Erneut gesendet bewirkt sie nichts.\n"
    assert done.output.startswith("Vorschau: neue Warnung, gültig bis ")
    assert f"{said}1 Empfänger: 0 übergeben, 1 wartend, 0 gescheitert\n" in done.output
    assert "iemand" not in done.output
    assert "Dringlichkeit" not in done.output


async def test_what_is_accepted_and_sent_to_nobody_says_so_loudly(service: Any, run: Any, file: Any) -> None:
    exercise = file(warning(status="Test"))
    previewed = await run("preview", exercise)
    assert (previewed.exit_code, "Dringlichkeit" in previewed.output) == (0, False)
    done = await run("submit", exercise)
    alert_id = done.stdout[:26]
    loud = f"{alert_id} ANGENOMMEN, ABER NIEMAND WIRD DADURCH GEWARNT: Übung oder Test\n"
    assert (done.exit_code, done.stdout.startswith(loud)) == (0, True), done.output
    again = await run("submit", exercise, "--expect-sent")
    assert (again.exit_code, again.stdout.startswith(loud)) == (5, True)
    document = await run("submit", exercise, "--expect-sent", "--json")
    assert (document.exit_code, json.loads(document.stdout)["sent_to_people"]) == (5, False)
    sent = await run("submit", file(warning()), "--expect-sent", "--json")
    assert (sent.exit_code, json.loads(sent.stdout)["sent_to_people"]) == (0, True)


async def test_where_a_shape_counts_few_and_none_look_alike(
    service: Any, pool: Any, run: Any, file: Any
) -> None:
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "anna")
    done = await run(
        "preview", file(warning(infos=(InfoPart(areas=(), shapes="<circle>50.8,6.48 0.5</circle>"),)))
    )
    assert re.search(rf"  {DUEREN}  Düren  (< 1|[0-9]+) %  Fläche  Web-Push < 5\n", done.output), done.output
    assert "insgesamt: Web-Push < 5\n" in done.output


async def test_a_hostile_message_is_submitted_and_shown(service: Any, run: Any, file: Any) -> None:
    sent = file(warning(DUEREN, headline="Hoch\x9b2Jwasser\u202e", instruction="\u2066Meiden"))
    submitted = await run("submit", str(sent))
    assert submitted.exit_code == 0, submitted.output
    shown = await run("status", submitted.stdout.split()[0])
    assert shown.exit_code == 0, shown.output
    assert (submitted.output + shown.output).replace("\n", "").isprintable()
    assert "Hoch\ufffd2Jwasser\ufffd" in shown.output


async def test_json_is_one_document_and_errors_are_one_on_stderr(
    service: Any, dispatcher: Any, file: Any
) -> None:
    """A script reads the answer of the API as it is."""
    path = file(warning())
    previewed = json.loads((await dispatcher("preview", path, "--json")).stdout)
    assert previewed["reason"] == "first_notice"
    accepted = json.loads((await dispatcher("submit", path, "--json")).stdout)
    assert accepted["alert"]["reason"] == "first_notice"
    refused = await dispatcher("submit", file(warning(infos=())), "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert json.loads(refused.stderr)["type"] == "urn:cap-dispatcher:problem:no-area"
    away = await dispatcher("submit", path, "--json", "--url", "http://127.0.0.1:9")
    assert (away.returncode, away.stdout) == (3, "")
    assert "erneut senden" in json.loads(away.stderr)["title"]


async def test_english_is_an_option_and_a_setting(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_API_KEY", EXERCISE_KEY)
    path = file(warning(status="Exercise", more="<note>Exercise</note>"))
    said = "Nobody is warned: the message is an exercise and goes to those only who want to take part in exercises."
    assert said in (await run("preview", path, "--language", "en")).output
    surroundings.setenv("WARN_LANGUAGE", "en")
    assert said in (await run("submit", path)).output
    assert (await run("submit", path, "--language", "fr")).exit_code == 2
    surroundings.setenv("WARN_API_KEY", KEY)
    tried = await run("preview", file(warning(status="Test")))
    assert "Nobody is warned: the message is an exercise, a test or a draft." in tried.output


async def test_a_message_that_has_ended_since_says_so(service: Any, run: Any, file: Any) -> None:
    first = warning()
    alert_id = (await run("submit", file(first))).output[:26]
    ended = await run("submit", file(first.later("ende", "Cancel")))
    again = await run("submit", file(first))
    said = f"durch {ended.output[:26]})."
    assert f"{alert_id} schon früher angenommen" in again.output
    assert "Die Warnung gilt nicht mehr: Sie ist aufgehoben (" in again.output
    assert said in again.output
    assert said in (await run("preview", file(first))).output


async def test_who_repeats_a_warning_reads_that_people_know(service: Any, run: Any, file: Any) -> None:
    first = warning()
    alert_id = (await run("submit", file(first))).output[:26]
    merged = await run("submit", file(warning()))
    assert merged.exit_code == 0
    assert "ANGENOMMEN, ABER NIEMAND WIRD DADURCH GEWARNT: zusammengefasst" in merged.output
    assert f"warnt schon „Hochwasser an der Rur“ von {SENDER} ({alert_id})." in merged.output
    assert "Durch jene Meldung: 0 Empfänger" in merged.output


def test_the_example_is_valid_and_of_now(env: Any) -> None:
    env.setenv("WARN_TIME_ZONE", "UTC")
    printed = CliRunner().invoke(app, ["example", "--sender", "a@b.example"])
    (alert,) = cap.parse(printed.output.encode()).alerts
    assert cap.check(alert, cap.STRICT) == ()
    assert alert.sender == "a@b.example"
    awkward = CliRunner().invoke(app, ["example", "--sender", "a&b"]).output
    assert cap.parse(awkward.encode()).alerts[0].sender == "a&b"
    assert abs(datetime.now(UTC) - alert.sent) < timedelta(minutes=1)


async def test_the_example_of_a_test_is_taken_and_reaches_nobody(
    service: Any, run: Any, tmp_path: Path
) -> None:
    for options, code in ((("--test",), 5), ((), 0)):
        path = tmp_path / f"{code}.xml"
        path.write_text(CliRunner().invoke(app, ["example", *options, "--sender", SENDER]).output)
        sent = await run("submit", path, "--expect-sent")
        assert (sent.exit_code, "NIEMAND WIRD DADURCH GEWARNT" in sent.output) == (code, code == 5)
