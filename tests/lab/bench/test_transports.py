"""What a benchmark says of the way its messages went is what the client did."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import DEFAULT_HTTP2_AFTER, HttpClient
from ops.lab.bench.senders.measurement import Measurement, detail, running_sink
from ops.lab.bench.senders.transports import await_own_connections, sent_by_own
from ops.lab.world.certificate import write_certificate

AT_FIRST = DEFAULT_HTTP2_AFTER + 1
"""As many as libcurl answers before an origin gets connections of our own, and the one that asks for these."""


@pytest.mark.processes
@pytest.mark.parametrize(("protocols", "by_own"), [("h2,http/1.1", 5), ("http/1.1", 0)])
async def test_connections_stand_before_the_clock_starts_and_messages_are_counted_by_their_way(
    tmp_path: Path, protocols: str, by_own: int
) -> None:
    certificate, key = write_certificate(tmp_path, datetime.now(UTC))
    with running_sink(certificate, key, protocols, None) as sink:
        http = HttpClient(AddressPolicy(frozenset({sink.origin})), ca_file=str(certificate))
        for number in range(AT_FIRST):
            await http.post(f"{sink.origin}/push/{number}", {}, b"x", 30.0)
        await await_own_connections(http)
        before = sent_by_own(http)
        for number in range(5):
            await http.post(f"{sink.origin}/push/{number}", {}, b"x", 30.0)
        assert sent_by_own(http) - before == by_own
        await http.aclose()


def test_the_least_share_of_all_rounds_is_said_and_nothing_of_others_clients() -> None:
    rounds = [Measurement(100.0, 10.0, 0.1, own_share) for own_share in (1.0, 0.25, 1.0)]
    assert detail(rounds)["own_share"] == 0.25
    assert "own_share" not in detail([Measurement(100.0, 10.0, 0.1)])
