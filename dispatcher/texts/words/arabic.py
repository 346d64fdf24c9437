"""The Arabic words of notices.

Each line begins with an Arabic word, so that it runs from right to left wherever a device looks at its first letter,
and no mark of direction is needed, which old phones show as a box. What stands in it from left to right (names of
German places, links) is kept apart from numbers of ours by a word or a bracket. Digits are those on clocks and road
signs here; day and month are joined by a full stop, which Unicode Standard Annex 9 leaves within a number (rule W4) as
it does the colon: a hyphen would swap them.
"""

from __future__ import annotations

from typing import Final

from cap import ResponseType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.plurals import Counted, Plural, arabic
from dispatcher.texts.words.words import Words

ARABIC: Final = Words(
    prefix={
        Kind.ALERT: "تحذير",
        Kind.UPDATE: "تحديث",
        Kind.NO_LONGER_AFFECTED: "رفع التحذير عن مكانكم",
        Kind.CANCEL: "زوال الخطر",
        Kind.DELISTED: "لم يعد في القائمة",
    },
    withdrawn="إلغاء التحذير",
    all_clear=("زوال الخطر", "زال الخطر", "انتهاء الخطر", "انتهى الخطر"),
    said={
        Kind.ALERT: ("تحذير رسمي", "تحذير"),
        Kind.UPDATE: ("تحذير محدّث", "تحذير محدث", "تحديث"),
        Kind.NO_LONGER_AFFECTED: ("رفع التحذير", "إلغاء التحذير"),
        Kind.CANCEL: (
            "إلغاء التحذير",
            "رفع التحذير",
            "زوال الخطر",
            "زال الخطر",
            "انتهاء الخطر",
            "انتهى الخطر",
        ),
        Kind.DELISTED: (),
    },
    nameless={
        Kind.ALERT: "خطر من دون تفاصيل",
        Kind.UPDATE: "خطر من دون تفاصيل",
        Kind.NO_LONGER_AFFECTED: "لم يعد سارياً هناك",
        Kind.CANCEL: "لم يعد التحذير سارياً",
        Kind.DELISTED: "لم يعد المصدر يذكر هذا التحذير",
    },
    denial=r"لا|لم|لن|ليس|ليست|غير|بلا|دون|بدون|بعد|قبل|إلغاء|رفع",
    for_place="لمنطقة",
    area="المكان: {}",
    and_more=Counted(
        arabic,
        {
            Plural.ONE: "وبلدية أخرى",
            Plural.TWO: "وبلديتان أخريان",
            Plural.FEW: "و{number} بلديات أخرى",
            Plural.MANY: "و{number} بلدية أخرى",
            Plural.OTHER: "و{number} بلدية أخرى",
        },
    ),
    number_of_places=Counted(
        arabic,
        {
            Plural.ONE: "بلدية واحدة",
            Plural.TWO: "بلديتان",
            Plural.FEW: "{number} بلديات",
            Plural.MANY: "{number} بلدية",
            Plural.OTHER: "{number} بلدية",
        },
    ),
    others_one="ما زال سارياً في مكانكم: {}",
    others_many=Counted(
        arabic,
        {
            Plural.ONE: "ما زال في مكانكم تحذير آخر سارياً",
            Plural.TWO: "ما زال في مكانكم تحذيران آخران ساريين",
            Plural.FEW: "ما زالت في مكانكم {number} تحذيرات أخرى سارية",
            Plural.MANY: "ما زال في مكانكم {number} تحذيراً آخر سارياً",
            Plural.OTHER: "ما زال في مكانكم {number} تحذير آخر سارياً",
        },
    ),
    others_gravest=Counted(
        arabic,
        {
            Plural.ONE: "ما زال في مكانكم تحذير آخر سارياً: {headline}",
            Plural.TWO: "ما زال في مكانكم تحذيران آخران ساريين، أشدهما: {headline}",
            Plural.FEW: "ما زالت في مكانكم {number} تحذيرات أخرى سارية، أشدها: {headline}",
            Plural.MANY: "ما زال في مكانكم {number} تحذيراً آخر سارياً، أشدها: {headline}",
            Plural.OTHER: "ما زال في مكانكم {number} تحذير آخر سارياً، أشدها: {headline}",
        },
    ),
    others_somewhere="في بعض الأماكن ما زالت تحذيرات أخرى سارية",
    others_short="ما زالت تحذيرات أخرى سارية",
    responses={
        ResponseType.SHELTER: "ادخلوا إلى مبنى وابقوا فيه.",
        ResponseType.EVACUATE: "غادروا المنطقة.",
        ResponseType.PREPARE: "استعدوا للخطر.",
        ResponseType.AVOID: "ابتعدوا عن الخطر.",
        ResponseType.MONITOR: "تابعوا الأخبار الجديدة.",
    },
    delisted="لم يعد المصدر يذكر هذا التحذير. لم تعلن السلطة المسؤولة زوال الخطر. تابعوا الأخبار الجديدة.",
    test="تدريب/اختبار",
    since="لم يعد سارياً منذ {}",
    since_short="منذ {}",
    begins="يبدأ في {}",
    begins_short="من {}",
    lasts="النهاية المتوقعة: {}",
    until="يسري حتى {}",
    until_short="حتى {}",
    clock="%d.%m الساعة %H:%M",
    clock_with_year="%d.%m.%Y الساعة %H:%M",
    proof_title="يجري إعداد التحذيرات",
    proof_text="يجري تأكيد هذا الجهاز. بعد ذلك تصل التحذيرات إلى هنا.",
    trial_title="تدريب/اختبار: تجربة",
    trial_text="هذا ليس تحذيراً. تصل التحذيرات بهذه الطريقة.",
    sms_code="الرمز {code} لتحذيرات SMS ({app})، 15 دقيقة",
    sms_trial="تدريب/اختبار: ليس تحذيراً. رمز {code} ({app})",
    sms_leave="الرمز {code} لإيقاف تحذيرات SMS. لم تطلبوه؟ لا تفعلوا شيئاً.",
    zones={"CEST": "توقيت صيفي", "CET": "توقيت شتوي"},
)
