"""A control centre's side, against a live API."""

import pytest

from dispatcher.settings import Settings
from dispatcher.store.ledger import Ledger
from dispatcher.store.plans import Plans
from dispatcher.store.subscriptions import Subscriptions
from tests.api.conftest import KEY, introduce, serving
from tests.api.test_submission import warning
from tests.pipeline.messages import DUEREN, JUELICH, InfoPart
from tests.store.histories import plan, subscribe


@pytest.fixture
async def service(surroundings):
    async with serving(Settings()) as service:
        await introduce(service.parts)
        surroundings.setenv("WARN_API_KEY", KEY)
        surroundings.setenv("WARN_URL", service.url)
        yield service


@pytest.fixture
def pool(service):
    return service.parts.health.pool


@pytest.fixture
def file(tmp_path):
    def write(message):
        path = tmp_path / "warnung.xml"
        path.write_bytes(message.xml())
        return path

    return write


async def test_submit_preview_and_status_as_processes(service, dispatcher, file, pool):
    path = file(warning(DUEREN, JUELICH))
    await subscribe(pool, Subscriptions(pool), "anna")
    previewed = await dispatcher("preview", path)
    assert previewed.returncode == 0, previewed.stderr
    assert previewed.stdout.startswith("first_notice (Spur priority, gültig bis ")
    assert f"  {DUEREN} Düren: webpush 1\n" in previewed.stdout
    assert f"  {JUELICH} Jülich: niemand\n" in previewed.stdout
    submitted = await dispatcher("submit", path)
    assert submitted.returncode == 0, submitted.stderr
    alert_id = submitted.stdout.split()[0]
    assert f"{alert_id} first_notice\n" in submitted.stdout
    again = await dispatcher("submit", path)
    assert f"{alert_id} first_notice (schon angenommen)\n" in again.stdout
    await plan(Ledger(pool), Plans(pool, 10), alert_id)
    status = await dispatcher("status", alert_id)
    assert status.returncode == 0, status.stderr
    assert "pending 1" in status.stdout
    assert "Hochwasser an der Rur" in status.stdout


async def test_following_ends_when_everybody_is_accounted_for(service, run, file):
    exercise = warning(status="Exercise", more="<note>Übung</note>")
    done = await run("submit", file(exercise), "--follow")
    assert done.exit_code == 0, done.output
    assert "recorded" in done.output


async def test_a_refusal_names_every_finding_with_its_line(service, run, file):
    bad = warning(infos=(InfoPart(severity="Schlimm"),))
    done = await run("submit", file(bad))
    assert done.exit_code == 1
    assert "422 The message breaks rules of CAP" in done.output
    assert "(Zeile " in done.output


async def test_what_has_no_target_is_named(service, run, file):
    bad = warning(infos=(InfoPart(areas=(), shapes="<circle>48.1,11.5 5</circle>"),))
    done = await run("preview", file(bad))
    assert done.exit_code == 1
    assert "circle: outside the boundary data" in done.output


async def test_a_wrong_key_is_said(service, run, file, surroundings):
    surroundings.setenv("WARN_API_KEY", "")
    done = await run("submit", file(warning()))
    assert (done.exit_code, "401" in done.output) == (1, True)


async def test_no_answer_means_unknown_and_to_send_again(run, file):
    done = await run("submit", file(warning()), "--url", "http://127.0.0.1:9")
    assert done.exit_code == 1
    assert "bitte erneut senden" in done.output


async def test_an_answer_that_is_no_problem_document_is_shown_as_it_is(service, run, file):
    done = await run("submit", file(warning()), "--url", f"{service.url}/metrics?")
    assert done.exit_code == 1
    assert "405" in done.output


@pytest.mark.parametrize("url", ["ftp://example.org", "file:///etc/passwd"])
async def test_only_http_is_spoken(run, file, url):
    assert (await run("submit", file(warning()), "--url", url)).exit_code == 2
