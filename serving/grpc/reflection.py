"""gRPC's server reflection, v1 and v1alpha: clients such as grpcurl ask for the services and their protobuf files.

https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError
from grpc import StatusCode

from serving.grpc.descriptors import FILES, POOL, REFLECTION, message_class
from serving.grpc.session import End, Send, Session
from serving.v2.errors import RequestError, quote
from serving.v2.grpc_exchange import BROKEN


class Reflection:
    """One version of the service.

    Args:
        package: its protobuf package.
    """

    def __init__(self, package: str) -> None:
        self.path = f"/{package}.ServerReflection/ServerReflectionInfo"
        self._request = message_class(f"{package}.ServerReflectionRequest")
        self._response = message_class(f"{package}.ServerReflectionResponse")

    def open(self, send: Send, end: End) -> Session:
        """Open a call."""
        return _Session(self, send, end)

    def answer(self, content: bytes) -> bytes:
        """The answer to one message of a call.

        Raises:
            RequestError: it is not a request message.
        """
        try:
            request = self._request.FromString(content)
        except DecodeError:
            raise RequestError(BROKEN) from None
        response = self._response(valid_host=request.host, original_request=request)
        try:
            self._fill(response, request)
        except KeyError:
            response.error_response.error_code = StatusCode.NOT_FOUND.value[0]
            asked = getattr(request, request.WhichOneof("message_request"))
            name = asked if isinstance(asked, str) else asked.containing_type
            response.error_response.error_message = f"not found: {quote(name)}"
        return bytes(response.SerializeToString())

    def _fill(self, response: Any, request: Any) -> None:
        """Fill in the answer; raises ``KeyError`` if there is no such name."""
        asked = request.WhichOneof("message_request")
        if asked == "list_services":
            for described in FILES.values():
                for service in described.service:
                    response.list_services_response.service.add(name=f"{described.package}.{service.name}")
        elif asked == "file_by_filename":
            _add_file(response, request.file_by_filename)
        elif asked == "file_containing_symbol":
            _add_file(response, _file_of(request.file_containing_symbol).name)
        elif asked == "file_containing_extension":
            raise KeyError  # these files have no extensions
        elif asked == "all_extension_numbers_of_type":
            name = POOL.FindMessageTypeByName(request.all_extension_numbers_of_type).full_name
            response.all_extension_numbers_response.base_type_name = name
        else:
            response.error_response.error_code = StatusCode.INVALID_ARGUMENT.value[0]
            response.error_response.error_message = "the request asks for nothing"


SERVICES = tuple(Reflection(package) for package in REFLECTION)


class _Session:
    """A call: each message is answered."""

    def __init__(self, reflection: Reflection, send: Send, end: End) -> None:
        self._reflection = reflection
        self._send = send
        self._end = end

    def receive(self, message: bytes) -> None:
        self._send(self._reflection.answer(message))

    def half_close(self) -> None:
        self._end(None)

    def close(self) -> None:
        """Do nothing: the session holds nothing."""


def _add_file(response: Any, name: str) -> None:
    response.file_descriptor_response.file_descriptor_proto.append(FILES[name].SerializeToString())


def _file_of(symbol: str) -> FileDescriptor:
    """The file that declares a service, method, message, field, oneof, enumeration or value.

    Raises:
        KeyError: there is none.
    """
    try:
        return POOL.FindFileContainingSymbol(symbol)
    except KeyError:
        parent, _, member = symbol.rpartition(".")
        for find, members in (
            (POOL.FindServiceByName, ("methods_by_name",)),
            (POOL.FindMessageTypeByName, ("fields_by_name", "oneofs_by_name")),
            (POOL.FindEnumTypeByName, ("values_by_name",)),
        ):
            try:
                found: Any = find(parent)
            except KeyError:
                continue
            if any(member in getattr(found, kind) for kind in members):
                return found.file
        raise
