"""The Ukrainian words of notices: short, as an SMS of Cyrillic letters has 70 of them."""

from __future__ import annotations

from typing import Final

from cap import ResponseType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.plurals import Counted, Plural, ukrainian
from dispatcher.texts.words.words import Words

UKRAINIAN: Final = Words(
    prefix={
        Kind.ALERT: "ПОПЕРЕДЖЕННЯ",
        Kind.UPDATE: "ОНОВЛЕННЯ",
        Kind.NO_LONGER_AFFECTED: "СКАСОВАНО ДЛЯ ВАШОГО МІСЦЯ",
        Kind.CANCEL: "ВІДБІЙ ТРИВОГИ",
        Kind.DELISTED: "БІЛЬШЕ НЕМАЄ В СПИСКУ",
    },
    withdrawn="ПОПЕРЕДЖЕННЯ СКАСОВАНО",
    all_clear=("Відбій тривоги", "Відбій"),
    said={
        Kind.ALERT: ("Офіційне попередження", "Попередження"),
        Kind.UPDATE: ("Оновлене попередження", "Оновлення"),
        Kind.NO_LONGER_AFFECTED: ("Попередження скасовано", "Скасовано"),
        Kind.CANCEL: ("Попередження скасовано", "Відбій тривоги", "Відбій", "Скасовано"),
        Kind.DELISTED: (),
    },
    nameless={
        Kind.ALERT: "Небезпека без подробиць",
        Kind.UPDATE: "Небезпека без подробиць",
        Kind.NO_LONGER_AFFECTED: "Там воно більше не діє",
        Kind.CANCEL: "Воно більше не діє",
        Kind.DELISTED: "Джерело більше не подає цього попередження",
    },
    denial=r"не|ні|нема|немає|без|ще|поки|жодн\w*|ніколи|скасован\w*",
    for_place="для",
    area="Де: {}",
    and_more=Counted(
        ukrainian,
        {
            Plural.ONE: "і ще {number} громада",
            Plural.FEW: "і ще {number} громади",
            Plural.MANY: "і ще {number} громад",
        },
    ),
    number_of_places=Counted(
        ukrainian,
        {Plural.ONE: "{number} громада", Plural.FEW: "{number} громади", Plural.MANY: "{number} громад"},
    ),
    others_one="У вашому місці й далі діє: {}",
    others_many=Counted(
        ukrainian,
        {
            Plural.ONE: "У вашому місці діє ще {number} попередження",
            Plural.FEW: "У вашому місці діють ще {number} попередження",
            Plural.MANY: "У вашому місці діють ще {number} попереджень",
        },
    ),
    others_gravest=Counted(
        ukrainian,
        {
            Plural.ONE: "У вашому місці діє ще {number} попередження, найважливіше: {headline}",
            Plural.FEW: "У вашому місці діють ще {number} попередження, найважливіше: {headline}",
            Plural.MANY: "У вашому місці діють ще {number} попереджень, найважливіше: {headline}",
        },
    ),
    others_somewhere="Подекуди й далі діють інші попередження",
    others_short="Інші попередження діють далі",
    responses={
        ResponseType.SHELTER: "Зайдіть у будівлю й залишайтеся там.",
        ResponseType.EVACUATE: "Залиште цю територію.",
        ResponseType.PREPARE: "Підготуйтеся до небезпеки.",
        ResponseType.AVOID: "Тримайтеся подалі від небезпеки.",
        ResponseType.MONITOR: "Стежте за подальшими повідомленнями.",
    },
    delisted="Джерело більше не подає цього попередження. Відповідальний орган не оголосив відбою. "
    "Стежте за подальшими повідомленнями.",
    test="НАВЧАННЯ/ТЕСТ",
    since="Не діє з {}",
    since_short="з {}",
    begins="Початок: {}",
    begins_short="з {}",
    lasts="Очікуване закінчення: {}",
    until="Діє до {}",
    until_short="до {}",
    clock="%d.%m, %H:%M",
    clock_with_year="%d.%m.%Y, %H:%M",
    proof_title="Налаштування попереджень",
    proof_text="Пристрій підтверджується. Після цього попередження надходитимуть сюди.",
    trial_title="НАВЧАННЯ/ТЕСТ: проба",
    trial_text="Це не попередження. Так надходять попередження.",
    sms_code="{code} – код SMS-попереджень ({app}), 15 хв",
    sms_trial="НАВЧАННЯ/ТЕСТ: не тривога. Код {code} ({app})",
    sms_leave="{code} – код, щоб вимкнути SMS-попередження. Не просили? Ігноруйте.",
    zones={"CEST": "літній час", "CET": "зимовий час"},
)
