"""A small run of ``benchmarks.fuzz``: 2,000 malformed requests."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import pytest
from server_process import Server, server, texts, typed

from benchmarks.fuzz import SHARES, Fuzz
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow


def test_no_request_breaks_the_server(server: Server, typed: dict) -> None:
    one = infer_request({name: values[:1] for name, values in typed.items()})
    fuzz = Fuzz(server.http_port, server.grpc_port, server.process.pid, one)
    fuzz.run(2_000)
    fuzz.slow(20)
    fuzz.huge(40)
    fuzz.alive()
    assert fuzz.faults == []
    assert fuzz.cases >= 1_900
    kinds = {key.split()[0] for key in fuzz.statuses}
    assert kinds == {*SHARES, "alive", "huge", "slow"}
    # Not all of it is refused: what is nearly right reaches the model.
    for kind, good in (("v2", "200"), ("v1", "200"), ("grpc", "OK")):
        answered = fuzz.statuses[f"{kind} {good}"]
        refused = sum(n for key, n in fuzz.statuses.items() if key.startswith(f"{kind} ")) - answered
        assert refused > 20, fuzz.statuses
        assert answered > 10, fuzz.statuses
    assert '"trace"' not in server.log.read_text()


def test_the_fuzz_finds_a_server_that_breaks(server: Server, typed: dict) -> None:
    """The fuzzer reports the faults of a faulty server."""
    fuzz = Fuzz(server.http_port, server.grpc_port, server.process.pid, {"inputs": []})
    fuzz._judge_refusal("v2", b'{"error": "two\\nlines"}', b"")
    fuzz._judge_refusal("v2", b"<html>", b"")
    fuzz.alive()
    assert [fault.split(":")[0] for fault in fuzz.faults] == ["v2", "v2", "alive"]
