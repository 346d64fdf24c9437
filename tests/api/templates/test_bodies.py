"""What is shown of templates."""

from dataclasses import replace

from dispatcher.api.templates.bodies import check_body, summary, template_body
from dispatcher.model.templates.version import TemplateVersion
from dispatcher.templates.checking import check
from tests.model.templates.test_version import APPROVED, DRAFT, REJECTED
from tests.support.templates import template


def with_content(one: TemplateVersion) -> TemplateVersion:
    return replace(one, content=template().content(), sha256=b"h" * 32)


def test_a_version_shows_what_it_says_and_the_others_beside_it() -> None:
    versions = [with_content(one) for one in (APPROVED, replace(REJECTED, version=2, why="falsch"))]
    shown = template_body(versions[1], versions)
    assert (shown.version, shown.state, shown.live_version, shown.why) == (2, "rejected", 1, "falsch")
    assert shown.template["texts"]["de"]["headline"] == "Hochwasser: {ort}"
    assert [one.version for one in shown.versions] == [1, 2]


def test_a_list_shows_the_newest_and_the_live_version() -> None:
    shown = summary([APPROVED, replace(DRAFT, version=2)])
    assert (shown.version, shown.state, shown.live_version) == (2, "draft", 1)


def test_a_check_shows_languages_and_findings() -> None:
    shown = check_body("9f" * 32, check(template(texts__en=None)))
    assert (shown.is_valid, [one.language for one in shown.languages]) == (True, ["de", "de-simple"])
    assert [(one.code, one.path) for one in shown.findings] == [("language-advised", "texts")]
