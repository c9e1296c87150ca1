"""OpenTelemetry traces: one span a request, with child spans for reading, predicting and writing.

Configured by OpenTelemetry's environment variables; without an endpoint for traces it is not imported. Spans are made
after the answer is sent, from times that are measured anyway.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from serving.inference.call import Answered, Call
from serving.observation.slow_log import seconds_by_part
from tenure.errors import InputError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SERVICE_NAME = "tenure-serving"


def enabled(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment configures traces.

    Raises:
        InputError: the environment asks for an exporter or a protocol that is not supported.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    endpoint = any(environment.get(name) for name in _ENDPOINTS)
    if not endpoint and "OTEL_TRACES_EXPORTER" not in environment:
        return False
    if exporter != "otlp":
        raise InputError(f"OTEL_TRACES_EXPORTER is {exporter!r}: this server sends 'otlp' or 'none'")
    names = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((environment[name] for name in names if environment.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        raise InputError(f"OpenTelemetry's protocol is {protocol!r}: this server sends 'http/protobuf'")
    return True


class Tracing:
    """An observer that makes spans, as part of the client's trace if the request has a ``traceparent``.

    Raises:
        InputError: the packages of the extra ``tracing`` are not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise InputError(f"traces need OpenTelemetry: pip install 'tenure[tracing]' ({error})") from None
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        resource = Resource.create({} if named else {"service.name": _SERVICE_NAME})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        # It buffers a bounded number of spans and sends them on its own thread; without a collector they are dropped.
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tenure.serving")
        self._propagator = TraceContextTextMapPropagator()
        self._trace = trace

    def note(self, answered: Answered) -> None:
        call, trace = answered.call, self._trace
        # From the monotonic clock to the system's.
        offset_ns = time.time_ns() - int(perf_counter() * 1e9)
        start_ns = offset_ns + int(call.started * 1e9)
        span = self._tracer.start_span(
            f"{call.method} {_route(call)}",
            context=self._propagator.extract(_carrier(call)),
            kind=trace.SpanKind.SERVER,
            attributes=_attributes(answered),
            start_time=start_ns,
        )
        if span.is_recording():
            if answered.code >= 500:
                span.set_status(trace.StatusCode.ERROR, answered.message)
            inside = trace.set_span_in_context(span)
            at_ns = start_ns
            for part, took_s in seconds_by_part(answered).items():
                child = self._tracer.start_span(part, context=inside, start_time=at_ns)
                at_ns += int(took_s * 1e9)
                child.end(at_ns)
        span.end(start_ns + int(answered.took_s * 1e9))

    def close(self, timeout_s: float) -> None:
        """Send the buffered spans; those that the collector has not accepted after ``timeout_s`` are dropped."""
        # The exporter's shutdown takes half a minute if the collector does not answer.
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(timeout_s)


def _carrier(call: Call) -> dict[str, str]:
    carrier: dict[str, str] = {}
    for name in ("traceparent", "tracestate"):
        value = call.header(name.encode())
        if value is not None:
            carrier[name] = value
    return carrier


def _route(call: Call) -> str:
    """The path with placeholders, so that clients cannot create any number of span names."""
    if call.method == "gRPC":
        return "/inference.GRPCInferenceService/ModelInfer"
    return "/v1/models/{model}:predict" if call.path.startswith("/v1/") else "/v2/models/{model}/infer"


def _attributes(answered: Answered) -> dict[str, Any]:
    """Attributes by OpenTelemetry's semantic conventions, and our own."""
    call, model, query = answered.call, answered.model, answered.query
    grpc = call.method == "gRPC"
    attributes: dict[str, Any] = {
        "tenure.request_id": call.request_id,
        "tenure.from_cache": answered.from_cache,
        **({"rpc.system": "grpc"} if grpc else {"http.request.method": call.method, "url.path": call.path}),
        "http.response.status_code": answered.code,
    }
    if model is not None:
        attributes |= {"tenure.model.name": model.name, "tenure.model.version": model.bundle.version}
    if query is not None:
        attributes |= {"tenure.rows": query.rows, "tenure.explanation": query.options.explain}
    if answered.fallback:
        attributes["tenure.fallback"] = answered.fallback
    return attributes
