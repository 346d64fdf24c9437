"""The sentences about prepared warnings."""

import cap
from dispatcher.console.prepared.words import PREPARED_WORDS
from dispatcher.console.words import WORDS
from dispatcher.model.templates.version import TemplateState
from dispatcher.templates.template import FieldKind


def test_they_are_a_part_of_all_and_replace_none() -> None:
    assert {name: WORDS[name] for name in PREPARED_WORDS} == dict(PREPARED_WORDS)


def test_every_word_of_a_template_has_a_sentence() -> None:
    wanted = {f"template_state_{one}" for one in TemplateState} | {
        f"template_kind_{one}" for one in FieldKind
    }
    wanted |= {f"template_category_{one}" for one in cap.Category}
    wanted |= {f"template_response_{one}" for one in cap.ResponseType}
    wanted |= {f"template_urgency_{one}" for one in cap.Urgency}
    wanted |= {f"template_certainty_{one}" for one in cap.Certainty}
    assert wanted <= set(PREPARED_WORDS)
