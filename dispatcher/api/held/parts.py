"""Name what decisions about messages that wait for a person depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.audience.estimate import AudienceEstimator
    from dispatcher.intake.approval import Approval
    from dispatcher.intake.four_eyes.texts import HeldTexts
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.alerts.held import Held
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges


@dataclass(frozen=True, slots=True)
class HeldParts:
    """What shows messages that wait, and carries decisions out."""

    pool: Pool
    store: Held
    release: Approval
    estimator: AudienceEstimator
    texts: HeldTexts
    charges: Charges
    wake_ups: WakeUpQueue
