"""A notice as text."""

import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from channels.base import Cut, Line
from channels.sms.fitting import compose
from channels.sms.gsm7 import Encoding
from channels.sms.spelling import spelled
from dispatcher.model.alerts import WarningInForce
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import Chosen
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.headline import ENDINGS
from dispatcher.texts.lines import beneath_title, lines, title
from dispatcher.texts.notification.declarative import fitted
from dispatcher.texts.notification.in_force import warnings_in_force
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from tests.support.messages import HOUR, NOW, Message, stored

PLACES = (
    "Aldenhoven",
    "Düren",
    "Jülich",
    "Linnich",
    "Niederzier",
    "Nörvenich",
    "Titz",
    "Vettweiß",
    "Inden",
    "Merzenich",
)
INFO = cap.Info(
    language="de",
    event="Brand",
    headline="Großbrand in Jülich",
    instruction="Fenster schließen!",
    description="Rauch zieht nach Osten.",
    sender_name="Kreis Düren",
    web="https://dueren.example/brand",
    onset=NOW + HOUR,
)

PRESENT = Present(NOW, ZoneInfo("Europe/Berlin"))


def shown(
    info: Any = INFO, kind: Any = Kind.ALERT, places: Any = PLACES[:2], language: str = "de", **changes: Any
) -> Any:
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], stored(**changes), tuple(places))
    said = content(message, Chosen(info, NOW + 2 * HOUR), kind, words_for(language), NOW)
    return lines(said, Present(NOW, ZoneInfo("Europe/Berlin")))


def test_what_to_do_where_and_when_stand_in_this_order() -> None:
    assert [line.text for line in shown(attribution="Quelle: X")] == [
        "WARNUNG: Großbrand in Jülich",
        "Fenster schließen!",
        "Gebiet: Aldenhoven, Düren",
        "Beginn 22.11. 14:00 Uhr",
        "Gültig bis 22.11. 15:00 Uhr",
        "https://dueren.example/brand",
        "Kreis Düren",
        "Quelle: X",
    ]


def test_an_end_says_what_is_over_and_who_says_so() -> None:
    assert [line.text for line in shown(kind=Kind.CANCEL)] == [
        "WARNUNG AUFGEHOBEN: Großbrand in Jülich",
        "Gebiet: Aldenhoven, Düren",
        "Aufgehoben seit 22.11. 13:00 Uhr",
        "Kreis Düren",
    ]
    assert [line.text for line in shown(kind=Kind.DELISTED)][1] == "Rauch zieht nach Osten."


OVER = replace(INFO, urgency=cap.Urgency.PAST, description="Fehlalarm: kein Brand.", instruction=None)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_false_alarm_is_taken_back_in_one_sms_and_no_all_clear_is_given(language: str) -> None:
    sms = compose(shown(OVER, Kind.CANCEL, language=language), 3, language)
    assert sms.text.startswith("WARNUNG AUFGEHOBEN: " if language == "de" else "WARNING CANCELLED: ")
    assert "Fehlalarm: kein Brand." in sms.text
    assert (len(sms.parts), sms.clipped) == (1, False)


def test_an_end_says_why_in_the_room_that_is_left() -> None:
    """Its own words only: a Cancel that repeats the warning's would be read as a danger that goes on."""
    for info in (
        OVER,
        replace(OVER, urgency=cap.Urgency.IMMEDIATE, response_types=(cap.ResponseType.ALL_CLEAR,)),
    ):
        assert "Fehlalarm: kein Brand." in [line.text for line in shown(info, Kind.CANCEL)]
        sms = compose(shown(info, Kind.CANCEL), 3, "de")
        assert "Fehlalarm: kein Brand." in sms.text
        assert (len(sms.parts), sms.clipped) == (1, False)
    assert "Rauch" not in str(shown(kind=Kind.CANCEL))
    assert "Fehlalarm" not in str(shown(OVER, Kind.NO_LONGER_AFFECTED))


def test_an_all_clear_says_what_to_do_now_before_it_says_why() -> None:
    """Not what a Cancel repeats of the warning: it would be read as a danger that goes on."""
    info = replace(OVER, instruction="Lüften Sie Ihre Räume.")
    told = content(
        RecordedMessage(cap.parse(Message().xml()).alerts[0], stored(), ("Düren",)),
        Chosen(info, NOW + HOUR),
        Kind.CANCEL,
        words_for("de"),
        NOW,
    )
    sms = compose(lines(told, PRESENT), 3, "de")
    screen = fitted(beneath_title(told, PRESENT), 500)
    for text in (sms.text, screen):
        assert "Lüften Sie Ihre Räume.\nFehlalarm: kein Brand." in text
    assert len(sms.parts) == 1
    assert "Fenster" not in str(shown(kind=Kind.CANCEL))


@given(
    reason=st.text(max_size=400) | st.just("Kein Brand. " * 30),
    sender=st.text(max_size=80),
    count=st.integers(1, len(PLACES)),
    parts=st.integers(1, 6),
)
def test_why_it_is_over_costs_no_part_and_no_other_line(
    reason: str, sender: str, count: int, parts: int
) -> None:
    told = [replace(OVER, sender_name=sender, description=text) for text in (reason, None)]
    sms, without = (compose(shown(info, Kind.CANCEL, places=PLACES[:count]), parts, "de") for info in told)
    assert len(sms.parts) == len(without.parts)
    assert all(line in sms.text for line in without.text.split("\n"))


def test_the_senders_own_name_of_the_area_is_read_whole_or_not_at_all() -> None:
    key = cap.NamedValue("ARS", "053580000000")
    info = replace(INFO, areas=(cap.Area("Kreis Düren", geocodes=(key,)),))
    alert = replace(cap.parse(Message().xml()).alerts[0], infos=(info,))
    municipalities = tuple((f"053580{number:02}", name) for number, name in enumerate(PLACES))
    for kind in (Kind.ALERT, Kind.UPDATE, Kind.CANCEL):
        source = RecordedMessage(alert, stored(), PLACES, municipalities)
        found = lines(
            content(source, Chosen(info, NOW + HOUR), kind, words_for("de"), NOW),
            Present(NOW, ZoneInfo("Europe/Berlin")),
        )
        (where,) = [line for line in found if line.text.startswith("Gebiet")]
        assert (where.text, where.shorter, where.cut) == ("Gebiet: Kreis Düren", (), Cut.NEVER)
    source = RecordedMessage(alert, stored(), PLACES, municipalities)
    ended = content(source, Chosen(info, NOW + HOUR), Kind.NO_LONGER_AFFECTED, words_for("de"), NOW)
    assert ended.area == "", "its places are those of earlier messages"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", CATALOGUES)
def test_shorter_wordings_are_shorter_and_where_and_when_are_never_cut(kind: Any, language: str) -> None:
    found = shown(kind=kind, language=language, places=PLACES, attribution="Quelle: X")
    for line in found:
        wordings = [line.text, *line.shorter]
        assert wordings == sorted(wordings, key=len, reverse=True)
    words = words_for(language)
    for line in found:
        if words.area.format("") in line.text or "15:00" in line.text:
            assert line.cut is Cut.NEVER
            assert all(line.shorter)


@given(
    headline=st.text(max_size=900),
    instruction=st.text(max_size=3000) | st.just("Gehen Sie. " * 300),
    sender=st.text(max_size=500),
    web=st.text("abc/", max_size=600),
    count=st.integers(1, len(PLACES)),
    parts=st.integers(1, 6),
)
def test_place_begin_and_end_are_in_every_sms(
    headline: str, instruction: str, sender: str, web: str, count: int, parts: int
) -> None:
    info = replace(INFO, headline=headline, instruction=instruction, sender_name=sender, web=web)
    sms = compose(shown(info, places=PLACES[:count]), parts, "de")
    assert len(sms.parts) <= parts
    assert f"{count} Gemeinden" in sms.text or "Gebiet: Aldenhoven" in sms.text
    assert "22.11. 14:00 Uhr" in sms.text
    assert "bis 22.11. 15:00 Uhr" in sms.text


LONGEST = {
    "de": "Schließen Sie Fenster und Türen, gehen Sie in die oberen Stockwerke und rufen Sie 02421 220 an. ",
    "de-simple": "Machen Sie alle Fenster zu. Gehen Sie nach oben. Die Nummer ist: 02421 220. ",
    "en": "Close doors and windows, go to the upper floors and call 02421 220. ",
    "ar": "أغلقوا النوافذ والأبواب واصعدوا إلى الطوابق العليا واتصلوا بالرقم 02421 220. ",
    "tr": "Pencere ve kapıları kapatın, üst katlara çıkın ve 02421 220 numarasını arayın. ",
    "uk": "Зачиніть вікна й двері, підніміться на верхні поверхи, телефонуйте 02421 220. ",
}
PARTS = {"de": 3, "de-simple": 3, "en": 3, "ar": 5, "tr": 3, "uk": 5}
"""What the longest texts of an exercise take with the names of ten municipalities: letters outside of GSM-7 halve what a part
holds."""


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("parts", [1, 2, 3, 6])
def test_in_every_language_an_sms_says_where_until_when_and_whom_to_call_in_few_parts(
    language: str, parts: int
) -> None:
    info = replace(
        INFO,
        language=language,
        headline="Düren 2026: " + " ".join(LONGEST[language].split()[:3]),
        instruction=LONGEST[language] * 8,
        sender_name="Kreis Düren – Leitstelle",
    )
    found = shown(
        info, places=PLACES, language=language, attribution="Quelle: Kreis Düren", status="Exercise"
    )
    sms = compose(found, parts, language)
    words = words_for(language)
    assert len(sms.parts) == min(parts, PARTS[language])
    assert sms.text.startswith(spelled(f"{words.test}: {words.prefix[Kind.ALERT]}", language)), "first of all"
    assert "15:00" in sms.text
    assert re.search(r"Düren|10", sms.text.split("\n", 1)[1])
    if parts > 1 or sms.encoding is Encoding.GSM7:
        assert "14:00" in sms.text
        # In two parts of 67 Arabic letters each, the marks of an exercise leave no room for a number.
        assert re.search(r"02421[ \xa0]220", sms.text) or (language, parts) == ("ar", 2)
    assert ("Merzenich" in sms.text) is (parts >= PARTS[language])


def test_a_link_is_whole_or_not_there() -> None:
    for length in range(20, 520, 50):
        web = f"https://x.example/{'x' * length}"
        for parts in (1, 2, 6):
            text = compose(shown(replace(INFO, web=web, instruction="Gehen Sie. " * 80)), parts, "de").text
            assert web in text or "https" not in text


def with_others(kind: Kind, *more: Line) -> tuple[Line, ...]:
    """The lines where two other warnings are in force."""
    others = [
        WarningInForce(name, "Sturm", "Sturmböen", severity, NOW + HOUR, frozenset({"05358008"}))
        for name, severity in (("B", "Severe"), ("C", "Minor"))
    ]
    message = RecordedMessage(
        cap.parse(Message().xml()).alerts[0],
        stored(),
        ("Düren",),
        (("05358008", "Düren"),),
        in_force=warnings_in_force("A", ("05358008",), others, NOW),
    )
    said = content(message, Chosen(INFO, NOW + 2 * HOUR), kind, words_for("de"), NOW)
    return (*lines(said, PRESENT), *more)


def test_an_end_says_in_every_channel_what_goes_on_and_in_the_least_room_that_something_does() -> None:
    told = with_others(Kind.CANCEL)
    line = "Für Ihren Ort gelten weiterhin 2 andere Warnungen, die schwerste: Sturmböen"
    assert line in [one.text for one in told]
    assert line in compose(told, 2).text
    long = (*told, Line("Leitstelle " * 20, ("",)))
    assert "Andere Warnungen gelten weiter" in compose(long, 1).text


GOES_ON = (
    WarningInForce("B", "Sturm", "ANDERE GEFAHR", "Severe", NOW + HOUR, frozenset({"05358008"})),
    WarningInForce("C", "Sturm", "ANDERE GEFAHR", "Minor", NOW + HOUR, frozenset({"05358008"})),
    WarningInForce("D", "Sturm", "ANDERE GEFAHR", "Severe", NOW + HOUR, frozenset({"05358024"})),
)


@given(
    kind=st.sampled_from(sorted(ENDINGS | {Kind.UPDATE})),
    language=st.sampled_from(sorted(CATALOGUES)),
    instruction=st.sampled_from([None, "Tun Sie wegen dieser Warnung nichts.", "Nichts. " * 40]),
    description=st.sampled_from([None, "Diese Warnung war falsch.", "Falsch war diese Warnung. " * 40]),
    goes_on=st.sets(st.sampled_from(GOES_ON), min_size=1),
    parts=st.integers(1, 6),
    room=st.integers(80, 500),
)
def test_what_goes_on_stands_behind_every_word_of_what_is_over(  # noqa: PLR0917 - what a notice depends on
    kind: Kind,
    language: str,
    instruction: str | None,
    description: str | None,
    goes_on: set[WarningInForce],
    parts: int,
    room: int,
) -> None:
    """Or "you need do nothing because of this warning" would be read of the one that is in force."""
    info = replace(OVER, instruction=instruction, description=description)
    named = (("05358008", "Düren"), ("05358024", "Jülich"))
    found = warnings_in_force("A", [ags for ags, _ in named], sorted(goes_on, key=lambda one: one.id), NOW)
    raw = cap.parse(Message().xml()).alerts[0]
    message = RecordedMessage(raw, stored(), ("Düren", "Jülich"), named, in_force=found)
    said = content(message, Chosen(info, NOW + 2 * HOUR), kind, words_for(language), NOW)
    for told in (lines(said, PRESENT), beneath_title(said, PRESENT)):
        texts = [line.text for line in told]
        if kind is Kind.UPDATE and said.others[0] not in texts:
            continue  # the text of a warning names no other
        behind = texts[texts.index(said.others[0]) + 1 :]
        assert set(behind) <= {said.sender, said.credit}
    for text in (
        compose(lines(said, PRESENT), parts, language).text,
        fitted(beneath_title(said, PRESENT), room),
    ):
        wordings = [one for long in said.others for one in (long, spelled(long, language)) if one in text]
        for one in wordings[:1]:
            assert text.partition(one)[2].strip() in {"", said.sender, spelled(said.sender, language)}, text


def test_a_warning_costs_no_part_of_sms_more_for_what_else_is_in_force() -> None:
    assert not [one for one in with_others(Kind.ALERT) if "weiterhin" in one.text]


def test_what_stands_beneath_a_title_leads_nowhere_by_itself() -> None:
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], stored(), ("Düren",))
    said = content(message, Chosen(INFO, NOW + 2 * HOUR), Kind.ALERT, words_for("de"), NOW)
    texts = [line.text for line in beneath_title(said, PRESENT)]
    assert texts[0] == "Fenster schließen!"
    assert not [text for text in texts if "https" in text or text == title(said)]
