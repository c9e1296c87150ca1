"""Invalid requests to a real model server: it must not answer 5xx, crash, print a trace or leak memory.

Hypothesis makes bodies of V1, V2 and its binary extension from a valid request (wrong shapes, datatypes, lengths,
duplicate names, huge numbers, NaN, deep nesting, invalid UTF-8), gRPC messages with the same faults and truncated ones,
HTTP/2 frames and odd HTTP/1.1 (see ``malformed``); schemathesis follows the OpenAPI page; beside them lines that are
not HTTP, clients that stop half way, and bodies of 100 MB; at last the published attacks on HTTP/2, and attacks on
HTTP/1.1, with what each costs (see ``attacks``). ``TENURE_FUZZ_CASES`` (default 5000; 50000 is the full run) sets their
number.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from benchmarks.attacks import Attacks
from benchmarks.http_attacks import HttpAttacks
from benchmarks.malformed import http1
from benchmarks.malformed.grpc import messages, whole_message
from benchmarks.malformed.http import binary_bodies, broken, v1_bodies, v2_bodies
from benchmarks.malformed.http2 import connections
from benchmarks.served_bundle import request, write_bundle
from benchmarks.table import Row, show

SHARES = {
    "v2": 0.30,
    "bytes": 0.16,
    "binary": 0.10,
    "v1": 0.10,
    "grpc": 0.20,
    "http2": 0.06,
    "http1": 0.04,
    "openapi": 0.03,
    "lines": 0.01,
}
"""Share of each kind in all cases."""
MAX_GROWTH_MIB = 48.0
"""Between a tenth of the cases and the end: buffers of the largest bodies come and go."""
GRPC_ANSWERS = ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED")
HTTP1_REFUSALS = (b"501", b"505")
"""Statuses of a Transfer-Encoding and of an HTTP version that are not supported."""
INFER, PREDICT = "/v2/models/telco/infer", "/v1/models/telco:predict"


class Fuzz:
    """Sends cases to a server, and keeps its wrong answers.

    Args:
        port, grpc_port: of a server on this machine that serves ``telco``.
        whole: a V2 request that it answers.
    """

    def __init__(self, port: int, grpc_port: int, pid: int, whole: dict[str, Any]) -> None:
        self.statuses: Counter[str] = Counter()
        self.faults: list[str] = []
        self._port, self._pid = port, pid
        self._whole = whole
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._grpc_port = grpc_port
        self._grpc_address = f"127.0.0.1:{grpc_port}"

    @property
    def cases(self) -> int:
        return self.statuses.total()

    def answers(self, kind: str) -> str:
        """To the cases of a kind, the most frequent first."""
        of_kind = [(key.split(" ", 1)[1], n) for key, n in self.statuses.most_common() if key.startswith(f"{kind} ")]
        return ", ".join(f"{status} {count:,}" for status, count in of_kind)

    def run(self, cases: int) -> None:
        """Send about so many cases of all kinds."""
        kinds: dict[str, Callable[[int], None]] = {
            "v2": lambda count: self._examples(count, v2_bodies(self._whole), lambda b: self.post("v2", INFER, b)),
            "bytes": lambda count: self._examples(count, broken(self._whole), lambda b: self.post("bytes", INFER, b)),
            "binary": lambda count: self._examples(count, binary_bodies(self._whole), self._post_binary),
            "v1": lambda count: self._examples(count, v1_bodies(self._whole), lambda b: self.post("v1", PREDICT, b)),
            "grpc": self.grpc,
            "http2": self.http2,
            "http1": self.http1,
            "openapi": self.openapi,
            "lines": self.lines,
        }
        for kind, send in kinds.items():
            send(max(1, round(SHARES[kind] * cases)))

    def resident_mib(self) -> float:
        """Resident memory of the server and its workers, in MiB."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (self._pid, *children))
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def post(self, kind: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send a body, and check the answer."""
        for attempt in (1, 2):
            try:
                self._connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
                response = self._connection.getresponse()
                content = response.read()
                break
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                if attempt == 2:
                    self._fault(kind, f"no answer: {error!r}", body)
                    return
        self.statuses[f"{kind} {response.status}"] += 1
        if response.status >= 500:
            self._fault(kind, f"{response.status} {content[:200]!r}", body)
        elif response.status != 200:
            self._judge_refusal(kind, content, body)

    def _judge_refusal(self, kind: str, content: bytes, body: bytes) -> None:
        try:
            message = json.loads(content)["error"]
        except (ValueError, KeyError, TypeError):
            self._fault(kind, f"no line of an error: {content[:200]!r}", body)
            return
        if "\n" in message or "Traceback" in message or not message or len(message) > 1_000:
            self._fault(kind, f"no line for a client: {message[:200]!r}", body)

    def _post_binary(self, case: tuple[bytes, str]) -> None:
        self.post("binary", INFER, case[0], {"Inference-Header-Content-Length": case[1]})

    def _fault(self, kind: str, what: str, body: object) -> None:
        self.faults.append(f"{kind}: {what} for {body!r}"[:600])

    def _examples(self, count: int, strategy: st.SearchStrategy[Any], send: Callable[[Any], None]) -> None:
        """Let Hypothesis make ``count`` cases. It gives up a space that is exhausted: then it is asked again."""
        left = count
        turn = 0
        while left > 0 and len(self.faults) < 20:
            before = self.cases
            turn += 1
            quiet = settings(
                max_examples=min(left, 5_000),
                deadline=None,
                database=None,
                phases=[Phase.generate],
                verbosity=Verbosity.quiet,
                derandomize=False,
                suppress_health_check=list(HealthCheck),
            )
            seed(turn)(quiet(given(strategy)(send)))()
            left -= max(1, self.cases - before)

    def grpc(self, count: int) -> None:
        """Messages that are invalid or truncated."""
        with grpc.insecure_channel(self._grpc_address) as channel:
            call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)

            def send(raw: bytes) -> None:
                code, details = "OK", ""
                try:
                    call(raw, timeout=30)
                except grpc.RpcError as error:
                    code, details = error.code().name, error.details() or ""
                self.statuses[f"grpc {code}"] += 1
                if code not in GRPC_ANSWERS or "\n" in details or len(details) > 1_000:
                    self._fault("grpc", f"{code} {details[:200]!r}", raw)

            self._examples(count, messages(self._whole), send)

    def http2(self, count: int) -> None:
        """Frames that no client should send; a server may hang up, and must answer the next one."""
        message = whole_message(self._whole).SerializeToString()

        def send(raw: bytes) -> None:
            answer = b""
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._grpc_port), 30) as line:
                line.settimeout(0.05)
                line.sendall(raw)
                while b"grpc-status" not in answer and (part := line.recv(65_536)):
                    answer += part
            self.statuses["http2 answered" if b"grpc-status" in answer else "http2 not answered"] += 1
            if self.statuses.total() % 100 == 0 and not self._grpc_alive(message):
                self._fault("http2", "a right call is not answered afterwards", raw)

        self._examples(count, connections(message), send)

    def _grpc_alive(self, message: bytes) -> bool:
        with grpc.insecure_channel(self._grpc_address) as channel:
            call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
            try:
                return bool(call(message, timeout=30))
            except grpc.RpcError:
                return False

    def http1(self, count: int) -> None:
        """Requests that no client should send; every one that is answered gets no error of the server."""

        def send(raw: bytes) -> None:
            answer = b""
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 30) as line:
                line.settimeout(0.05)
                line.sendall(raw)
                while part := line.recv(65_536):
                    answer += part
            statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)
            for status in statuses:
                self.statuses[f"http1 {status.decode()}"] += 1
                if status.startswith(b"5") and status not in HTTP1_REFUSALS:
                    self._fault("http1", status.decode(), raw)
            if not statuses:
                self.statuses["http1 hung up"] += 1
            if self.statuses.total() % 50 == 0:
                self.alive()

        self._examples(count, http1.connections(json.dumps(self._whole).encode()), send)

    def openapi(self, count: int) -> None:
        """Valid and invalid requests of every route, generated by schemathesis from the OpenAPI page."""
        import schemathesis
        from schemathesis import GenerationMode

        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{self._port}/openapi.json")
        operations = [result.ok() for result in schema.get_all_operations()]

        def send(case: Any) -> None:
            response = case.call(timeout=30)
            self.statuses[f"openapi {response.status_code}"] += 1
            if response.status_code >= 500:
                self._fault("openapi", f"{response.status_code} {response.content[:200]!r}", case.body)

        # Requests of a GET are soon all made: most of the cases are for those with a body.
        posts = [operation for operation in operations if operation.method == "post"]
        for operation in operations:
            share = 0.95 / len(posts) if operation in posts else 0.05 / (len(operations) - len(posts))
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                with contextlib.suppress(Exception) if operation not in posts else contextlib.nullcontext():
                    strategy = operation.as_strategy(generation_mode=mode)
                    self._examples(max(1, round(count * share / 2)), strategy, send)

    def lines(self, count: int) -> None:
        """Bytes that are not HTTP, or that stop half way; a server may hang up, and must answer the next request."""
        dice = random.Random(7)  # noqa: S311 nothing is kept secret by it
        start = f"POST {INFER} HTTP/1.1\r\nHost: x\r\n".encode()
        shapes = [
            lambda: dice.randbytes(dice.randrange(1, 200)),
            lambda: start[: dice.randrange(1, len(start))],
            lambda: start + b"Content-Length: -1\r\n\r\n",
            lambda: start + b"Content-Length: 99999999999999999999\r\n\r\n{",
            lambda: start + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
            lambda: start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
            lambda: start + b"X: " + b"y" * dice.randrange(70_000) + b"\r\n\r\n",
            lambda: start + b"Content-Length: 1000\r\n\r\n" + dice.randbytes(10),
            lambda: start + b"\x00: \xff\r\n\r\n",
        ]
        for number in range(count):
            sent = shapes[number % len(shapes)]()
            answer = b""
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 30) as line:
                line.settimeout(0.05)
                line.sendall(sent)
                answer = line.recv(200)
            status = answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/1.1 ") else "hung up"
            self.statuses[f"lines {status}"] += 1
            if status.startswith("5"):
                self._fault("lines", status, sent)

    def huge(self, mib: int) -> None:
        """A body of so many MiB: refused, before it is all sent or after."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", INFER, b" " * (mib * 2**20))
        try:
            status = str(connection.getresponse().status)
        except (http.client.HTTPException, OSError):
            status = "hung up"
        connection.close()
        self.statuses[f"huge {status}"] += 1
        if status not in ("413", "hung up"):
            self._fault("huge", status, f"{mib} MiB")

    def slow(self, connections: int) -> None:
        """Clients that send a byte and wait, all at once; others are answered meanwhile."""
        with contextlib.ExitStack() as lines:
            for _ in range(connections):
                line = lines.enter_context(socket.create_connection(("127.0.0.1", self._port), 30))
                line.sendall(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
                line.sendall(b"{")
                self.statuses["slow"] += 1
            self.alive()

    def alive(self) -> None:
        """A valid request gets its answer."""
        before = self.statuses["alive 200"]
        self.post("alive", INFER, json.dumps(self._whole).encode())
        if self.statuses["alive 200"] != before + 1:
            self._fault("alive", "a right request is not answered", b"")


def main() -> None:
    """Run it; exits with 1 if the server answered anything with a 5xx, died or grew."""
    cases = int(os.environ.get("TENURE_FUZZ_CASES", "5000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bundle(folder / "bundle")
        with _running(folder) as (pid, ready):
            fuzz = Fuzz(ready["http_port"], ready["grpc_port"], pid, request(1))
            started = time.perf_counter()
            fuzz.run(cases // 10)
            fuzz.huge(100)
            fuzz.slow(100)
            before_mib = fuzz.resident_mib()
            fuzz.run(cases - cases // 10)
            fuzz.huge(100)
            fuzz.slow(100)
            fuzz.alive()
            growth_mib = fuzz.resident_mib() - before_mib
            attacks = Attacks(ready["grpc_port"], pid, whole_message(request(1)).SerializeToString())
            costs = list(attacks.run())
            http_costs = list(HttpAttacks(ready["http_port"], pid, json.dumps(request(1)).encode()).run())
            took_s = time.perf_counter() - started
            traces = (folder / "log").read_text(errors="replace").count('"trace"')
    rows = [
        Row("cases", f"{fuzz.cases:,} in {took_s:.0f} s", "a full run has 50,000"),
        *(Row(f"… {kind}", fuzz.answers(kind)) for kind in SHARES),
        Row("answers that should not be", str(len(fuzz.faults)), "none"),
        Row("traces in the log", str(traces), "none"),
        Row("memory", f"{before_mib:.0f} MiB after a tenth, {growth_mib:+.0f} MiB at the end", f"≤ {MAX_GROWTH_MIB:g}"),
    ]
    show("fuzz", rows)
    show("Attacks on HTTP/2", [cost.row(name) for name, cost in costs])
    show("Attacks on HTTP/1.1", [cost.row(name) for name, cost in http_costs])
    fuzz.faults += [f"{name}: {cost}" for name, cost in (*costs, *http_costs) if not cost.answered]
    if fuzz.faults or traces or growth_mib > MAX_GROWTH_MIB:
        print("\n".join(fuzz.faults[:20]), file=sys.stderr)
        sys.exit("fuzz: the server did what it must not")


@contextlib.contextmanager
def _running(folder: Path) -> Any:
    import subprocess

    command = [sys.executable, "-m", "serving", "--model", f"telco={folder / 'bundle'}", "--host", "127.0.0.1"]
    command += ["--http-port", "0", "--grpc-port", "0", "--log-level", "warning", "--slow-ms", "60000"]
    with (folder / "log").open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None  # noqa: S101
        yield process.pid, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
