"""The Turkish words of notices. Times stand behind a colon or before "tarihine": an ending that leans on a number has
another vowel with each of them.
"""

from __future__ import annotations

from typing import Final

from cap import ResponseType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.plurals import always
from dispatcher.texts.words.words import Words

TURKISH: Final = Words(
    prefix={
        Kind.ALERT: "UYARI",
        Kind.UPDATE: "GÜNCELLEME",
        Kind.NO_LONGER_AFFECTED: "YERİNİZ İÇİN KALDIRILDI",
        Kind.CANCEL: "TEHLİKE GEÇTİ",
        Kind.DELISTED: "ARTIK LİSTEDE YOK",
    },
    withdrawn="UYARI KALDIRILDI",
    all_clear=("Tehlike geçti",),
    said={
        Kind.ALERT: ("Resmî uyarı", "Uyarı"),
        Kind.UPDATE: ("Güncel uyarı", "Güncelleme"),
        Kind.NO_LONGER_AFFECTED: ("Uyarı kaldırıldı", "Kaldırıldı"),
        Kind.CANCEL: (
            "Uyarı iptal edildi",
            "Uyarı kaldırıldı",
            "Tehlike geçti",
            "İptal edildi",
            "Kaldırıldı",
        ),
        Kind.DELISTED: (),
    },
    nameless={
        Kind.ALERT: "Ayrıntısı bildirilmeyen tehlike",
        Kind.UPDATE: "Ayrıntısı bildirilmeyen tehlike",
        Kind.NO_LONGER_AFFECTED: "Orada artık geçerli değil",
        Kind.CANCEL: "Uyarı artık geçerli değil",
        Kind.DELISTED: "Kaynağı uyarıyı artık göstermiyor",
    },
    denial=r"değil|yok|henüz|hiç|hiçbir|iptal|kaldırıldı|\w+(?:medi|madı|mez|maz|miyor|mıyor|muyor|müyor|meyecek|mayacak)",
    for_place="için",
    area="Yer: {}",
    and_more=always("ve {number} yer daha"),
    number_of_places=always("{number} belediye"),
    others_one="Yerinizde hâlâ geçerli: {}",
    others_many=always("Yerinizde {number} uyarı daha geçerli"),
    others_gravest=always("Yerinizde {number} uyarı daha geçerli, en ağırı: {headline}"),
    others_somewhere="Bazı yerlerde başka uyarılar hâlâ geçerli",
    others_short="Başka uyarılar hâlâ geçerli",
    responses={
        ResponseType.SHELTER: "Bir binaya girin ve orada kalın.",
        ResponseType.EVACUATE: "Bölgeyi terk edin.",
        ResponseType.PREPARE: "Tehlikeye karşı hazırlanın.",
        ResponseType.AVOID: "Tehlikeden uzak durun.",
        ResponseType.MONITOR: "Yeni haberleri takip edin.",
    },
    delisted="Kaynak bu uyarıyı artık göstermiyor. Yetkili makam tehlikenin geçtiğini bildirmedi. "
    "Haberleri takip etmeye devam edin.",
    test="TATBİKAT/TEST",
    since="{} itibarıyla kaldırıldı",
    since_short="{} itibarıyla",
    begins="Başlangıç zamanı: {}",
    begins_short="Başlangıç: {}",
    lasts="Beklenen son: {}",
    until="{} tarihine kadar geçerli",
    until_short="{} tarihine kadar",
    clock="%d.%m. %H:%M",
    clock_with_year="%d.%m.%Y %H:%M",
    proof_title="Uyarılar kuruluyor",
    proof_text="Bu cihaz onaylanıyor. Bundan sonra uyarılar buraya gelir.",
    trial_title="TATBİKAT/TEST: deneme",
    trial_text="Bu bir uyarı değil. Uyarılar bu yolla gelir.",
    sms_code="{code} SMS uyarıları için kodunuz ({app}). 15 dakika geçerli. İstemediyseniz bir şey yapmayın.",
    sms_trial="TATBİKAT/TEST: uyarı değil. {code} denemenizin kodu ({app}).",
    sms_leave="{code} koduyla bütün SMS uyarılarını bırakırsınız. İstemediyseniz bir şey yapmayın.",
    zones={"CEST": "yaz saati", "CET": "kış saati"},
)
