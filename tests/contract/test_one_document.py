"""One notice reaches people by every family of push: within the limits of each, and every phone shows the same."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from channels.apns import message as apns
from channels.base import Notice, Permanent
from channels.device_receipt import addressed
from channels.fcm import message as fcm
from channels.webpush.encoder import DirectEncoder
from dispatcher.delivery.render import render
from dispatcher.model.alerts import WarningInForce
from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.notification.in_force import warnings_in_force
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import words_for
from tests.channels.webpush.subscription import SUBSCRIPTION
from tests.support import screens
from tests.support.messages import HOUR, NOW, Message, stored

RECEIPT = b"r" * 24
PLACES = tuple(
    (f"053580{n:02}", name) for n, name in enumerate(("Hürtgenwald", "Nörvenich", "Düren", "Jülich") * 4)
)
PRESENT = Present(NOW, ZoneInfo("Europe/Berlin"))

# As long as authorities write: a headline of 160 characters (CAP 1.2), what to do in a dozen sentences.
TEXTS: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "de": (
        (
            "Großbrand in einem Chemikalienlager am Rurufer zwischen Düren-Birkesdorf und Merken: starke Rauchentwicklung, "
            "gesundheitsschädliche Gase, Ausbreitung nach Osten"
        ),
        "Gehen Sie sofort ins Haus.",
        (
            "Schließen Sie Fenster und Türen, schalten Sie Lüftungs- und Klimaanlagen ab.",
            "Suchen Sie Innenräume auf, die vom Brandort abgewandt liegen, möglichst in oberen Geschossen.",
            "Nehmen Sie Nachbarinnen und Nachbarn sowie Vorbeikommende vorübergehend auf.",
            "Meiden Sie den Bereich zwischen Birkesdorf, Merken und Huchem-Stammeln weiträumig.",
            "Halten Sie die Straßen für Einsatzkräfte frei und rufen Sie 112 nur im Notfall.",
        ),
        "Seit den frühen Morgenstunden brennt eine Lagerhalle mit Lösungsmitteln; Messfahrzeuge sind im Einsatz.",
    ),
    "uk": (
        (
            "Велика пожежа на складі хімічних речовин біля річки Рур між Дюрен-Біркесдорф та Меркен: сильне задимлення, "
            "шкідливі для здоров’я гази поширюються на схід"
        ),
        "Негайно зайдіть у приміщення.",
        (
            "Зачиніть вікна та двері, вимкніть вентиляцію й кондиціонери.",
            "Перейдіть до кімнат, що розташовані з протилежного від пожежі боку, бажано на верхніх поверхах.",
            "Тимчасово прийміть сусідів і перехожих, яким нікуди сховатися.",
            "Оминайте район між Біркесдорфом, Меркеном і Гухем-Штаммельном.",
            "Не перекривайте дороги рятувальникам і телефонуйте за номером 112 лише в разі потреби.",
        ),
        "З раннього ранку горить склад розчинників; на місці працюють вимірювальні групи та пожежники.",
    ),
    "ar": (
        (
            "حريق كبير في مستودع للمواد الكيميائية على ضفة نهر الرور بين دورن وميركن: دخان كثيف وغازات ضارة بالصحة تنتشر "
            "باتجاه الشرق"
        ),
        "ادخلوا إلى المنازل فورًا.",
        (
            "أغلقوا النوافذ والأبواب وأوقفوا أجهزة التهوية والتكييف.",
            "توجهوا إلى الغرف الواقعة في الجهة المقابلة لمكان الحريق، ويفضل في الطوابق العليا.",
            "استقبلوا الجيران والمارة مؤقتًا في منازلكم.",
            "تجنبوا المنطقة الواقعة بين بيركسدورف وميركن وهوخم شتاملن.",
            "اتركوا الطرق خالية لفرق الإنقاذ واتصلوا بالرقم 112 في حالات الطوارئ فقط.",
        ),
        "منذ ساعات الصباح الأولى يحترق مستودع للمذيبات، وفرق القياس والإطفاء تعمل في الموقع.",
    ),
}
SAYS = (
    (Kind.ALERT, Reason.FIRST_NOTICE, "Actual"),
    (Kind.UPDATE, Reason.UPDATE, "Actual"),
    (Kind.CANCEL, Reason.ALL_CLEAR, "Actual"),
    (Kind.ALERT, Reason.DRILL, "Exercise"),
    (Kind.UPDATE, Reason.DRILL_UPDATE, "Exercise"),
)


SAME = ("alert", "chain", "sequence", "kind", "title", "severity", "urgency", "sent", "expires", "lang")
"""Members that a webhook's longer document has word for word."""


def _encrypted(notice: Notice) -> bytes:
    return DirectEncoder()(addressed(notice.payload, notice, 7), SUBSCRIPTION)


def _by_fcm(notice: Notice) -> bytes:
    return fcm.template(notice, 3600).body("token", "x" * 163, RECEIPT)


def _by_apns(notice: Notice) -> bytes:
    return apns.template(notice, apns.Interruption.CRITICAL).body(RECEIPT)


FAMILIES: Mapping[str, tuple[Callable[[Notice], bytes], Callable[[bytes], screens.Shown]]] = {
    "webpush": (_encrypted, screens.by_web_push),
    "declarative": (_encrypted, screens.by_declarative_web_push),
    "fcm": (_by_fcm, screens.by_fcm),
    "apns": (_by_apns, screens.by_apns),
    "webhook": (lambda notice: addressed(notice.document, notice, 7), screens.by_webhook),
}
"""How each writes a notice, and how a phone reads that. UnifiedPush is Web Push at another server."""


def told(
    language: str,
    kind: Kind,
    reason: Reason,
    status: str,
    *,
    repeats: int = 3,
    others: int = 1,
    places: int = len(PLACES),
) -> tuple[Notice, screens.Meant]:
    """A notice, and what people have to learn by it. `repeats`: how often the sentences stand there."""
    headline, first, rest, why = TEXTS[language]
    info = cap.Info(
        language=language,
        event=headline[:40],
        headline=headline[:160],
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity.EXTREME,
        certainty=cap.Certainty.OBSERVED,
        response_types=(cap.ResponseType.SHELTER,),
        sender_name="Kreis Düren – Amt für Bevölkerungsschutz, integrierte Leitstelle",
        instruction=" ".join((first, *rest * repeats)),
        description=" ".join([why] * repeats),
        web="https://www.kreis-dueren.example/bevoelkerungsschutz/grossbrand-birkesdorf",
        contact="02421 22-0",
        onset=NOW + HOUR,
    )
    record = stored(
        id="A" * 26,
        thread="C" * 26,
        sequence=1 << 50,
        status=status,
        reason=reason,
        attribution="Quelle: Kreis Düren",
        also_replaces={"D" * 26: 3},
        expires=NOW + 6 * HOUR,
    )
    municipalities = PLACES[:places]
    keys = tuple(ags for ags, _ in municipalities)
    beside = [
        WarningInForce(f"{n:026}", "Sturm", headline[:120], "Severe", NOW + HOUR, frozenset(keys))
        for n in range(others)
    ]
    own = WarningInForce(record.id, "", "", "Extreme", record.expires, frozenset(keys))
    is_end, is_exercise = kind is Kind.CANCEL, status == "Exercise"
    in_force = (
        None
        if is_exercise
        else warnings_in_force(record.id, keys, [*([] if is_end else [own]), *beside], NOW)
    )
    source = RecordedMessage(
        replace(cap.parse(Message(status=status).xml()).alerts[0], infos=(info,)),
        record,
        tuple(name for _, name in municipalities),
        municipalities,
        in_force=in_force,
    )
    found = render(source, kind, language, PRESENT, "https://warnung.example/app/dueren/")
    assert found is not None
    words = words_for(language)
    meant = screens.Meant(
        prefix=words.prefix[kind],
        mark=words.test if is_exercise else "",
        first="" if is_end else first,
        until=(NOW + 6 * HOUR).isoformat(),
        chain=record.thread,
        sequence=record.sequence,
        direction="rtl" if language == "ar" else "ltr",
        active=None if is_exercise else others + (not is_end),
    )
    return replace(found.notice, receipt_token=lambda _: RECEIPT), meant


@given(
    language=st.sampled_from(sorted(TEXTS)),
    says=st.sampled_from(SAYS),
    repeats=st.integers(0, 12),
    others=st.integers(0, 9),
    places=st.integers(1, len(PLACES)),
)
def test_every_phone_shows_the_same_whichever_family_it_is_of(
    language: str, says: tuple[Kind, Reason, str], repeats: int, others: int, places: int
) -> None:
    notice, meant = told(language, *says, repeats=repeats, others=others, places=places)
    read = {name: decode(write(notice)) for name, (write, decode) in FAMILIES.items()}
    assert {name: screens.wrong(shown, meant) for name, shown in read.items()} == {name: [] for name in read}
    pushed = json.loads(notice.payload) | {"receipt": RECEIPT.decode()}
    assert all(read[name].document == pushed for name in read if name != "webhook")
    posted = read["webhook"].document
    assert [posted[name] for name in SAME] == [pushed[name] for name in SAME]


@pytest.mark.parametrize("says", SAYS, ids=lambda says: f"{says[2]}-{says[0]}")
def test_only_what_is_meant_and_goes_on_goes_through_an_iphones_mute_switch(says: Any) -> None:
    notice, _ = told("ar", *says)
    aps = json.loads(_by_apns(notice))["aps"]
    is_meant = says[0] is not Kind.CANCEL and says[2] == "Actual"
    assert aps["interruption-level"] == ("critical" if is_meant else "time-sensitive")


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("says", SAYS, ids=lambda says: f"{says[2]}-{says[0]}")
def test_the_longest_texts_say_what_to_do_in_full_sentences(language: str, says: Any) -> None:
    notice, _ = told(language, *says, repeats=3, others=3)
    pushed = json.loads(notice.payload)
    assert len(pushed["instruction"].encode()) > 250
    assert pushed["instruction"].count(".") >= 2


CHANGES: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "prefix": lambda found: found["notification"].update(title="Info: " + found["notification"]["title"]),
    "mark": lambda found: found["notification"].update(body=found["notification"]["body"][:-4]),
    "unmarked": lambda found: found.pop("exercise"),
    "first": lambda found: found["notification"].update(body="…\n" + found["notification"]["body"][-10:]),
    "until": lambda found: found.update(expires=(NOW + timedelta(hours=7)).isoformat()),
    "chain": lambda found: found.update(chain="E" * 26),
    "sequence": lambda found: found.update(sequence=2),
    "direction": lambda found: found["notification"].update(dir="rtl"),
    "active": lambda found: found.update(in_force={"active": 1}),
    "letters": lambda found: found["notification"].update(title=found["notification"]["title"] + "\ufffd"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("family", ["webpush", "fcm", "webhook"])
def test_what_is_shown_otherwise_is_noticed(family: str, name: str) -> None:
    notice, meant = told("uk", Kind.ALERT, Reason.DRILL, "Exercise", repeats=0)
    write, decode = FAMILIES[family]

    def changed(document: bytes) -> bytes:
        found = json.loads(document)
        CHANGES[name](found)
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()

    other = replace(notice, payload=changed(notice.payload), document=changed(notice.document))
    assert screens.wrong(decode(write(notice)), meant) == []
    assert name in screens.wrong(decode(write(other)), meant)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_too_long_for_a_family_is_noticed(family: str) -> None:
    notice, _ = told("de", Kind.ALERT, Reason.FIRST_NOTICE, "Actual")
    long = json.dumps(json.loads(notice.document) | {"more": "ü" * 10_000}).encode()
    write, decode = FAMILIES[family]
    with pytest.raises((AssertionError, Permanent, ValueError)):
        decode(write(replace(notice, payload=long, document=long)))
