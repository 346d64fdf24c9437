"""How many file descriptors a process may have, and how many of them are for connections to gateways.

A process that has used them all up cannot answer its probes any more, nor open a connection to the record. So those to
gateways, which come from citizens' subscriptions and are many, get what is left when everything else is served.
"""

from __future__ import annotations

import resource

ENOUGH = 65_536
"""The highest limit that is asked for: more would only make the kernel's table for this process larger."""
ITS_OWN = 40
"""What the process itself needs: for standard streams, libraries, the queue, listening sockets, scrapes, feeds and
files."""
OUTBOUND_MIN, OUTBOUND_MAX = 8, 1024
METRICS_CLIENTS = 32
"""Connections to the port of a process' metrics."""
LET_GO = 16
CLIENTS_MIN = 16


def raise_limit() -> int:
    """Raise this process's limit as far as it may by itself, and say what it is. Many systems start services with 1,024
    and allow more, which programs that know no select(2) may take.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def for_clients(limit: int, record_connections: int) -> int:
    """Return how many connections clients may have at once to an API process: what its own needs, those to gateways and
    those to its metrics leave, less a handful for those that are just being let go.
    """
    taken = ITS_OWN + record_connections + for_outbound(limit, record_connections) + METRICS_CLIENTS
    return max(CLIENTS_MIN, limit - taken - LET_GO)


def for_outbound(limit: int, record_connections: int) -> int:
    """Return how many connections to gateways there may be at once: half of what is left, as a connection that closes
    keeps its descriptor for a moment, and a mass send has connections of its own beside libcurl's.
    """
    left = (limit - ITS_OWN - record_connections) // 2
    return max(OUTBOUND_MIN, min(OUTBOUND_MAX, left))
