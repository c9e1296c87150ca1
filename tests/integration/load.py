"""Clients that send one request after the other, and record each that was not answered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

INFER = "/inference.GRPCInferenceService/ModelInfer"


class Load:
    """Threads that run ``ask`` until they are stopped."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.lost: list[str] = []
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def start(self, clients: int, client: Callable[[], Callable[[], str]]) -> None:
        """``client()`` makes a client's ``ask``, which says what came of one request, or raises if it was lost."""
        for _ in range(clients):
            self._threads.append(threading.Thread(target=self._run, args=(client,)))
            self._threads[-1].start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _run(self, client: Callable[[], Callable[[], str]]) -> None:
        ask = client()
        while not self._stop.is_set():
            try:
                answer = ask()
            except Exception as error:
                with self._lock:
                    self.lost.append(repr(error))
                return
            with self._lock:
                self.answers[answer] += 1
            if answer == "gone":
                return


class Rest:
    """Keeps its connection open as long as the server does.

    A connection that is refused before anything was sent is no lost request: its client goes elsewhere ("gone").
    """

    def __init__(self, port: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._port, self._body = port, json.dumps(document).encode()
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self) -> str:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                self._connection.connect()
            except OSError:
                return "gone"
        self._connection.request("POST", "/v2/models/telco/infer", self._body, self._headers)
        response = self._connection.getresponse()
        content = json.loads(response.read())
        if response.getheader("connection") == "close":
            self._connection.close()
            self._connection = None
        return content["model_version"] if response.status == 200 else str(response.status)


def grpc_message(document: dict[str, Any]) -> bytes:
    message = pb.ModelInferRequest(model_name="telco")
    fields = {"BYTES": "bytes_contents", "FP64": "fp64_contents", "INT64": "int64_contents", "BOOL": "bool_contents"}
    for entry in document["inputs"]:
        tensor = message.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
        values = [value.encode() for value in entry["data"]] if entry["datatype"] == "BYTES" else entry["data"]
        getattr(tensor.contents, fields[entry["datatype"]]).extend(values)
    for name, value in document.get("parameters", {}).items():
        message.parameters[name].int64_param = value
    return message.SerializeToString()


class Grpc:
    """One channel. A call to a server that cannot be reached counts as "gone", not as lost."""

    def __init__(self, port: int, document: dict[str, Any]) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._call = self._channel.unary_unary(INFER, None, pb.ModelInferResponse.FromString)
        self._message = grpc_message(document)

    def __call__(self) -> str:
        try:
            return self._call(self._message, timeout=30).model_version
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE and "Connection refused" in error.details():
                self._channel.close()
                return "gone"
            raise


def wait_until(holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
