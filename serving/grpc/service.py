"""KServe's gRPC service on either server: its names and limits."""

from __future__ import annotations

from grpc import StatusCode

from serving.inference.failures import Failure
from serving.listening.limits import MAX_HEAD_BYTES, MAX_HEADER_FIELDS
from serving.v2.errors import TooLargeError

SERVICE = "inference.GRPCInferenceService"
INFER_PATH = f"/{SERVICE}/ModelInfer"
STREAM_INFER_PATH = f"/{SERVICE}/ModelStreamInfer"
"""Triton's method, which KServe's service lacks."""
OTHER_METHODS = (
    "ServerLive",
    "ServerReady",
    "ServerMetadata",
    "ModelReady",
    "ModelMetadata",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
)

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
MAX_SMALL_MESSAGE_BYTES = 64 * 1024
"""Limit for methods other than inference, whose messages only hold names."""
CALLS_A_CONNECTION = 256
STREAMING_CALLS_A_CONNECTION = 32
CONNECTION_AGE_S = 300.0
"""Age at which a connection is drained, so that clients reconnect: new servers get their share of them, and a call
whose message never arrives ends."""
CONNECTION_AGE_GRACE_S = 30.0

UNKNOWN_METHOD = Failure(501, StatusCode.UNIMPLEMENTED, "Method not found!")
NO_STREAMING_INFERENCE = Failure(
    501, StatusCode.UNIMPLEMENTED, "ModelStreamInfer is not supported; call ModelInfer for each request"
)
TOO_MUCH_METADATA = Failure(
    431,
    StatusCode.RESOURCE_EXHAUSTED,
    f"the metadata has more than {MAX_HEAD_BYTES} bytes or {MAX_HEADER_FIELDS} fields",
)
DRAINING = Failure(503, StatusCode.UNAVAILABLE, "the connection is being closed; connect again")
"""The end of a streaming call on a connection that is drained."""


def check_length(length: int, max_bytes: int) -> None:
    """Check the length of a message.

    Raises:
        TooLargeError: it is above ``max_bytes``.
    """
    if length > max_bytes:
        raise TooLargeError(f"the message has {length} bytes, at most {max_bytes} are read")
