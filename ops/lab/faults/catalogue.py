"""Every fault by name."""

from __future__ import annotations

from ops.lab.faults import controls
from ops.lab.faults.cases import (
    centre,
    failover,
    gateways,
    machine,
    memory,
    network,
    phones,
    reports,
    senders,
    servers,
    sick,
    unifiedpush,
    workers,
)
from ops.lab.faults.process_overrides import ProcessOverrides, command
from ops.lab.faults.series import Fault
from ops.lab.gateways.registry import BY_SMPP, WITH_PHONES
from ops.lab.world.district import Layout

FAULTS = (
    Fault("worker-kill", "F1", "SIGKILL to one worker in mid-send", workers.kill_one),
    Fault("workers-kill", "F1", "SIGKILL to all workers in mid-send", workers.kill_all),
    Fault("worker-freeze", "F5", "one worker frozen for longer than its lease", workers.freeze_one),
    Fault("api-kill", "F2", "SIGKILL to the API during submissions", senders.api_kill),
    Fault("queue-kill", "F3", "SIGKILL to Redis, back with its append-only file", servers.queue_kill),
    Fault("queue-flush", "F4", "FLUSHALL in mid-send", servers.queue_flush),
    Fault("queue-lost", "F4", "SIGKILL to Redis, back with nothing", servers.queue_lost),
    Fault("queue-freeze", "F5", "Redis hangs for ten seconds", servers.queue_freeze),
    Fault("queue-full", "F5", "Redis out of memory", servers.queue_full),
    Fault(
        "queue-failover",
        "F6",
        "the network to Redis' primary is cut, Sentinels elect another",
        failover.partition,
        surround=failover.group,
    ),
    Fault("record-kill", "F7", "SIGKILL to PostgreSQL", servers.record_kill),
    Fault("record-immediate", "F7", "immediate shutdown of PostgreSQL", servers.record_immediate),
    Fault(
        "record-failover",
        "F25",
        "the network to PostgreSQL's primary is cut, its synchronous standby is promoted",
        failover.promotion,
        fresh=True,
        surround=failover.record,
    ),
    Fault("gateway-hang", "F8", "a push service that never answers", gateways.hang),
    Fault("gateway-silent", "F8", "a push service's process stands still", gateways.silent),
    Fault("gateway-vanished", "F8", "a push service refuses connections", gateways.vanished),
    Fault("gateway-partition", "F8", "the network to a push service is cut", network.partition),
    Fault("gateway-goes-away", "F8", "a push service ends connections in an orderly way", gateways.goes_away),
    Fault("gateway-disconnects", "F8", "a push service breaks connections", gateways.disconnects),
    Fault("gateway-slow", "F9", "a push service almost too slow", gateways.slow),
    Fault(
        "gateway-slow-loris", "F9", "a push service that takes, and answers by the byte", gateways.slow_loris
    ),
    Fault("patience", "F10", "429 and 503 with every form of Retry-After", gateways.patience),
    Fault("patience-endless", "F10", "Retry-After of thirty years", gateways.endless_patience, fresh=True),
    Fault(
        "statuses", "F11", "404, 410, 400, 413, 301, 307, 418, 500, 502, 408", gateways.statuses, fresh=True
    ),
    Fault("locked-out", "F11", "401 and 403 for a while", gateways.locked_out, fresh=True),
    Fault("poison", "F12", "a recipient that kills its worker", machine.poison, layout=Layout(workers=1)),
    Fault(
        "clock-worker-ahead",
        "F13",
        "workers an hour ahead",
        machine.wrong_clock,
        layout=Layout(command=machine.skewed(worker="+1h")),
    ),
    Fault(
        "clock-worker-behind",
        "F13",
        "workers an hour behind",
        machine.wrong_clock,
        layout=Layout(command=machine.skewed(worker="-1h")),
    ),
    Fault(
        "clock-api-ahead",
        "F13",
        "the API an hour ahead",
        machine.wrong_clock,
        layout=Layout(command=machine.skewed(api="+1h")),
    ),
    Fault(
        "clock-api-behind",
        "F13",
        "the API an hour behind",
        machine.wrong_clock,
        layout=Layout(command=machine.skewed(api="-1h")),
    ),
    Fault(
        "disk-full", "F14", "no room left for five seconds", machine.disk_full, surround=machine.small_disk
    ),
    Fault("duplicates", "F15", "one message a hundred times in parallel", senders.duplicates),
    Fault("cancel-race", "F17", "a Cancel in mid-send", senders.cancel_race),
    Fault("update-race", "F17", "an Update and a Cancel in mid-send", senders.update_race),
    Fault("cancel-twice", "F17", "the all-clear twice, in the same and in other words", senders.cancel_twice),
    Fault("outage-expiry", "F17", "workers asleep until the warning has expired", senders.outage_expiry),
    Fault("burst", "F19", "sixty overlapping warnings in two seconds", senders.burst),
    Fault(
        "few-descriptors",
        "F16",
        "workers with 64 file descriptors",
        machine.few_descriptors,
        layout=Layout(command=command({"worker": ProcessOverrides(("prlimit", "--nofile=64:64"))})),
    ),
    Fault(
        "worker-oom",
        "F16",
        "the kernel kills a worker whose memory is full",
        memory.killed,
        layout=Layout(command=memory.grouped()),
        surround=memory.groups,
    ),
    Fault("worker-starved", "F16", "a worker gets no memory any more", memory.starved),
    Fault("lies", "F20", "gateways that hide what they took", gateways.lies),
    Fault("reports", "F20", "delivery reports: early, twice, contradictory, foreign, forged", reports.lie),
    Fault(
        "reports-record-kill",
        "F20",
        "false delivery reports, and SIGKILL to PostgreSQL",
        reports.lie_meanwhile,
    ),
    Fault(
        "centre-dies",
        "F8",
        "SIGKILL to an SMS centre with messages unanswered, which comes back",
        centre.dies,
        layout=Layout(standins=BY_SMPP),
    ),
    Fault(
        "centre-dies-once",
        "F8",
        "the same, where no text is ever sent twice",
        centre.dies,
        settings={centre.RESEND: "never"},
        layout=Layout(standins=BY_SMPP),
    ),
    Fault(
        "centre-receipts",
        "F20",
        "receipts of an SMS centre: doubled, early, contradictory, foreign",
        centre.receipts_lie,
        layout=Layout(standins=BY_SMPP),
    ),
    Fault("sick-endpoints", "F21", "a tenth of a push service's endpoints fail for ever", sick.endpoints),
    Fault("throttled-account", "F22", "an SMS gateway takes so many a second", sick.account, fresh=True),
    Fault(
        "phones-errors",
        "F23",
        "FCM and APNs say of some phones that they are gone, of others that they are not well",
        phones.errors,
        fresh=True,
        layout=Layout(standins=WITH_PHONES),
    ),
    Fault(
        "phones-foreign-answers",
        "F23",
        "for a while something else than FCM and APNs answers",
        phones.foreign,
        fresh=True,
        layout=Layout(standins=WITH_PHONES),
    ),
    Fault(
        "phones-granted-no-more",
        "F23",
        "SIGKILL to FCM, which comes back and knows no access token",
        phones.granted_no_more,
        fresh=True,
        layout=Layout(standins=WITH_PHONES),
    ),
    Fault(
        "unifiedpush-errors",
        "F24",
        "a server of UnifiedPush says of some phones that they are gone, of others that they are not there now",
        unifiedpush.errors,
        fresh=True,
        layout=Layout(standins=WITH_PHONES),
    ),
    Fault(
        "unifiedpush-away",
        "F24",
        "phones with UnifiedPush are away for as long as a warning holds",
        unifiedpush.away,
        fresh=True,
        layout=Layout(standins=WITH_PHONES),
    ),
    Fault("rolling-restart", "F18", "SIGTERM to workers and API in turn", workers.roll),
)

CONTROLS = (
    Fault(
        "control-forgetful",
        "control",
        "FLUSHALL without a reconciler",
        controls.flush,
        control=True,
        fresh=True,
        layout=Layout(
            command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.forgetful")})
        ),
    ),
    Fault(
        "control-hasty",
        "control",
        "SIGKILL to workers that say accepted before they send",
        controls.kill,
        control=True,
        fresh=True,
        layout=Layout(command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.hasty")})),
    ),
    Fault(
        "control-careless",
        "control",
        "SIGKILL to an SMS centre, and workers that take no answer for a failure",
        centre.dies,
        control=True,
        breaks="told_twice_uncounted",
        fresh=True,
        layout=Layout(
            standins=BY_SMPP,
            command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.careless")}),
        ),
    ),
    Fault(
        "control-fickle-centre",
        "control",
        "receipts of an SMS centre of which the last is believed",
        centre.receipts_lie,
        control=True,
        breaks="failure_not_believed",
        fresh=True,
        layout=Layout(
            standins=BY_SMPP,
            command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.fickle")}),
        ),
    ),
    Fault(
        "control-fickle",
        "control",
        "delivery reports of which the last is believed",
        reports.lie,
        control=True,
        breaks="failure_not_believed",
        fresh=True,
        layout=Layout(command=command({"api": ProcessOverrides(module="ops.lab.faults.mutants.fickle")})),
    ),
    Fault(
        "control-touchy",
        "control",
        "sick endpoints, and workers that leave the gateway alone for each",
        sick.endpoints,
        control=True,
        breaks="well_later_s",
        fresh=True,
        layout=Layout(command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.touchy")})),
    ),
    Fault(
        "control-greedy",
        "control",
        "a throttled account, and workers that learn nothing from refusals",
        sick.account,
        control=True,
        breaks="refused",
        fresh=True,
        layout=Layout(command=command({"worker": ProcessOverrides(module="ops.lab.faults.mutants.greedy")})),
    ),
)


def named(name: str) -> tuple[Fault, ...]:
    """Return the fault of that name, those of that code, or for `all` every one, the controls included. Raises
    KeyError."""
    found = tuple(
        fault
        for fault in (*FAULTS, *CONTROLS)
        if name in {"all", fault.name} or fault.code.lower() == name.lower()
    )
    if not found:
        raise KeyError(name)
    return found
