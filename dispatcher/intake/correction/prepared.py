"""The prepared words of a correction, in each language of notices: what was wrong is said first, then what to do.

They speak of the one danger that was warned of: another warning may be in force where they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Falsehood(StrEnum):
    """What was wrong with a warning that is taken back."""

    FALSE_ALARM = "false-alarm"
    """There is no such danger."""
    EXERCISE = "exercise"
    """It was an exercise, and sent like the real thing."""
    WRONG_AREA = "wrong-area"
    """It went to places that it was not for."""


@dataclass(frozen=True, slots=True)
class PreparedWords:
    """`headline` and `description` name the warning (`{warning}`), as people have read it; `instruction` does not."""

    headline: str
    description: str
    instruction: str


_LANGUAGES: Final[Mapping[str, Mapping[Falsehood, PreparedWords]]] = {
    "de": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "Fehlalarm: {warning}",
            "Die Warnung „{warning}“ war ein Fehlalarm. Die Gefahr, vor der gewarnt wurde, besteht nicht.",
            "Sie müssen wegen dieser Warnung nichts mehr tun.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "Nur eine Übung: {warning}",
            "Die Warnung „{warning}“ gehörte zu einer Übung und wurde versehentlich als echte Warnung gesendet. "
            "Die Gefahr, vor der gewarnt wurde, besteht nicht.",
            "Sie müssen wegen dieser Warnung nichts mehr tun.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "Falsches Gebiet: {warning}",
            "Die Warnung „{warning}“ ging an ein falsches Gebiet. Sie gilt für Ihren Ort nicht.",
            "Kommt danach eine neue Warnung, dann gilt diese.",
        ),
    },
    "de-simple": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "Das war ein falscher Alarm: {warning}",
            "Die Warnung war falsch: {warning}. Diese Gefahr gibt es nicht.",
            "Wegen dieser Warnung müssen Sie nichts mehr tun.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "Das war nur eine Übung: {warning}",
            "Die Warnung war nur eine Übung: {warning}. Wir haben sie aus Versehen gesendet. "
            "Diese Gefahr gibt es nicht.",
            "Wegen dieser Warnung müssen Sie nichts mehr tun.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "Die Warnung war am falschen Ort: {warning}",
            "Die Warnung gilt nicht für Ihren Ort: {warning}.",
            "Vielleicht kommt eine neue Warnung. Dann gilt die neue Warnung.",
        ),
    },
    "en": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "False alarm: {warning}",
            "The warning “{warning}” was a false alarm. The danger that it warned of does not exist.",
            "You need do nothing more because of this warning.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "Only an exercise: {warning}",
            "The warning “{warning}” belonged to an exercise and was sent as a real one by mistake. "
            "The danger that it warned of does not exist.",
            "You need do nothing more because of this warning.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "Wrong area: {warning}",
            "The warning “{warning}” was sent to the wrong area. It does not apply to your place.",
            "If a new warning follows, that one applies.",
        ),
    },
    "tr": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "Yanlış alarm: {warning}",
            "“{warning}” uyarısı yanlış alarmdı. Uyarıda bildirilen tehlike yoktur.",
            "Bu uyarı nedeniyle artık bir şey yapmanız gerekmiyor.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "Yalnızca tatbikat: {warning}",
            "“{warning}” uyarısı bir tatbikata aitti ve yanlışlıkla gerçek uyarı olarak gönderildi. "
            "Uyarıda bildirilen tehlike yoktur.",
            "Bu uyarı nedeniyle artık bir şey yapmanız gerekmiyor.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "Yanlış bölge: {warning}",
            "“{warning}” uyarısı yanlış bölgeye gönderildi. Bulunduğunuz yer için geçerli değildir.",
            "Bundan sonra yeni bir uyarı gelirse o geçerlidir.",
        ),
    },
    "uk": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "Хибна тривога: {warning}",
            "Попередження «{warning}» було хибною тривогою. Небезпеки, про яку попереджали, немає.",
            "Через це попередження вам більше нічого не потрібно робити.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "Лише навчання: {warning}",
            "Попередження «{warning}» було частиною навчань і помилково надіслане як справжнє. "
            "Небезпеки, про яку попереджали, немає.",
            "Через це попередження вам більше нічого не потрібно робити.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "Неправильна територія: {warning}",
            "Попередження «{warning}» надіслано не на ту територію. Воно не стосується вашого місця.",
            "Якщо надійде нове попередження, діє воно.",
        ),
    },
    "ar": {
        Falsehood.FALSE_ALARM: PreparedWords(
            "إنذار كاذب: {warning}",
            "كان التحذير «{warning}» إنذاراً كاذباً. الخطر الذي حذّر منه غير موجود.",
            "لم يعد عليكم فعل أي شيء بسبب هذا التحذير.",
        ),
        Falsehood.EXERCISE: PreparedWords(
            "مجرد تمرين: {warning}",
            "كان التحذير «{warning}» جزءاً من تمرين وأُرسل بالخطأ كتحذير حقيقي. الخطر الذي حذّر منه غير موجود.",
            "لم يعد عليكم فعل أي شيء بسبب هذا التحذير.",
        ),
        Falsehood.WRONG_AREA: PreparedWords(
            "منطقة خاطئة: {warning}",
            "أُرسل التحذير «{warning}» إلى منطقة خاطئة. لا ينطبق على مكانكم.",
            "إذا وصل تحذير جديد بعد ذلك فهو الساري.",
        ),
    },
}
PREPARED: Final[Mapping[str, Mapping[Falsehood, PreparedWords]]] = MappingProxyType(_LANGUAGES)
"""The words by language, as a tag: for all languages in which notices have words of their own."""
