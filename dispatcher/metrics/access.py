"""What is counted of credentials: refused ones, and when the next one runs out; and of the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


SIGNED_IN_BY: Final = ("invitation", "oidc", "passkey", "password+recovery", "password+totp")
"""What persons show to sign in, for series that are there from the start."""


class AccessMetrics:
    """Counts who was not let in, and shows who will soon be locked out."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.credentials_refused = Counter(
            "warn_credentials_refused",
            "Requests refused for the credential shown, by its kind and what is wrong with it.",
            ("kind", "reason"),
            registry=registry,
        )
        self.sign_ins = Counter(
            "warn_sign_ins",
            "Attempts of persons to sign in: by what was shown, and whether a session was opened, or why not.",
            ("shown", "outcome"),
            registry=registry,
        )
        for shown in SIGNED_IN_BY:
            self.sign_ins.labels(shown, "opened")
        self.key_expiry = Gauge(
            "warn_key_expiry_timestamp_seconds",
            "When the first source, feed, instance or operator loses its last valid key, or the one that it used last; "
            "0 if none does.",
            ("kind",),
            registry=registry,
        )


ANCHORS: Final = ("file", "webhook")
"""Where checkpoints of the audit trail are kept besides."""


class AuditMetrics:
    """Shows how the chain of the audit trail stands. Only the process that writes it knows; of the others' all is 0."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.audit_chained_at = Gauge(
            "warn_audit_chained_timestamp_seconds",
            "When this process last chained what there was on the audit trail; 0 while another process does it.",
            registry=registry,
        )
        self.audit_unchained = Gauge(
            "warn_audit_unchained_entries", "Entries that are not in the chain yet.", registry=registry
        )
        self.audit_unchained_since = Gauge(
            "warn_audit_unchained_timestamp_seconds",
            "When the oldest entry was written that is not in the chain yet; 0 if there is none.",
            registry=registry,
        )
        self.audit_position = Gauge("warn_audit_chain_position", "How long the chain is.", registry=registry)
        self.audit_faults = Gauge(
            "warn_audit_chain_faults",
            "Faults that the last look through the whole chain has found. Must be 0.",
            registry=registry,
        )
        self.audit_verified_at = Gauge(
            "warn_audit_verified_timestamp_seconds",
            "When this process last looked through the whole chain; 0 before the first time.",
            registry=registry,
        )
        self.audit_checkpoint_at = Gauge(
            "warn_audit_checkpoint_timestamp_seconds",
            "When the last checkpoint was made; 0 if there is none.",
            registry=registry,
        )
        self.audit_unprotected = Gauge(
            "warn_audit_unprotected",
            "Whether the role that this worker connects to the record as could change the audit trail.",
            registry=registry,
        )
        self.backed_up_at = Gauge(
            "warn_backup_timestamp_seconds",
            "When `dispatcher backup` last made a backup, as the audit trail knows; 0 if never.",
            registry=registry,
        )
        self.audit_anchor_failures = Counter(
            "warn_audit_anchor_failures",
            "Attempts to put a checkpoint at an anchor that failed. It is tried again.",
            ("anchor",),
            registry=registry,
        )
        self.audit_anchor_failing_since = Gauge(
            "warn_audit_anchor_failing_timestamp_seconds",
            "Since when an anchor has taken nothing; 0 while it does.",
            ("anchor",),
            registry=registry,
        )
        self.audit_rounds_failed = Counter(
            "warn_audit_rounds_failed",
            "Rounds of the process that chains the audit trail that ended in an error, such as a record that is away.",
            registry=registry,
        )
        for anchor in ANCHORS:
            self.audit_anchor_failures.labels(anchor)
            self.audit_anchor_failing_since.labels(anchor)

    def lead_no_audit(self) -> None:
        """Show that another process writes the chain, and nothing that was known here."""
        for gauge in (
            self.audit_chained_at,
            self.audit_unchained,
            self.audit_unchained_since,
            self.audit_position,
            self.audit_faults,
            self.audit_verified_at,
            self.audit_checkpoint_at,
        ):
            gauge.set(0)
        for anchor in ANCHORS:
            self.audit_anchor_failing_since.labels(anchor).set(0)


DUTY_CHANNELS: Final = ("webpush", "sms", "email")
"""The ways to people on duty."""
DUTY_RESULTS: Final = ("accepted", "again", "refused", "gone", "dropped")


class DutyMetrics:
    """Counts what people on duty are sent, and shows what nobody was told of."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.duty_messages = Counter(
            "warn_duty_messages",
            "Attempts to tell people on duty, and messages dropped before one, by channel and what came of it.",
            ("channel", "result"),
            registry=registry,
        )
        self.duty_untold_since = Gauge(
            "warn_duty_untold_timestamp_seconds",
            "Since when the oldest decision is due of which nobody on duty was told; 0 if there is none. Every worker "
            "shows the same.",
            registry=registry,
        )
        self.duty_uncovered = Gauge(
            "warn_duty_uncovered",
            "Decisions that are due while nobody on duty can be told. Every worker shows the same.",
            registry=registry,
        )
        for channel in DUTY_CHANNELS:
            for result in DUTY_RESULTS:
                self.duty_messages.labels(channel, result)
