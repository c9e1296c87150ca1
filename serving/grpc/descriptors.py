"""The protobuf files of gRPC's health checks and server reflection.

https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto and
https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto; v1alpha of reflection differs in its
package alone. The packages ``grpcio-health-checking`` and ``grpcio-reflection`` of grpcio's version need a later
protobuf than kfp and KServe admit, and have reflection in v1alpha only.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

HEALTH = "grpc.health.v1"
REFLECTION = ("grpc.reflection.v1", "grpc.reflection.v1alpha")

_TYPES = {"string": FieldDescriptorProto.TYPE_STRING, "bytes": FieldDescriptorProto.TYPE_BYTES,
          "int32": FieldDescriptorProto.TYPE_INT32}  # fmt: skip

_REFLECTION_MESSAGES: dict[str, list[tuple[str, int, str]]] = {
    "ServerReflectionRequest": [
        ("host", 1, "string"),
        ("file_by_filename", 3, "string message_request"),
        ("file_containing_symbol", 4, "string message_request"),
        ("file_containing_extension", 5, "ExtensionRequest message_request"),
        ("all_extension_numbers_of_type", 6, "string message_request"),
        ("list_services", 7, "string message_request"),
    ],
    "ExtensionRequest": [("containing_type", 1, "string"), ("extension_number", 2, "int32")],
    "ServerReflectionResponse": [
        ("valid_host", 1, "string"),
        ("original_request", 2, "ServerReflectionRequest"),
        ("file_descriptor_response", 4, "FileDescriptorResponse message_response"),
        ("all_extension_numbers_response", 5, "ExtensionNumberResponse message_response"),
        ("list_services_response", 6, "ListServiceResponse message_response"),
        ("error_response", 7, "ErrorResponse message_response"),
    ],
    "FileDescriptorResponse": [("file_descriptor_proto", 1, "repeated bytes")],
    "ExtensionNumberResponse": [("base_type_name", 1, "string"), ("extension_number", 2, "repeated int32")],
    "ListServiceResponse": [("service", 1, "repeated ServiceResponse")],
    "ServiceResponse": [("name", 1, "string")],
    "ErrorResponse": [("error_code", 1, "int32"), ("error_message", 2, "string")],
}
"""Fields of each message: name, number, and type, perhaps after ``repeated`` or before the name of a oneof."""


def _add_field(message: DescriptorProto, package: str, name: str, number: int, words: str) -> None:
    kind, _, oneof = words.removeprefix("repeated ").partition(" ")
    label = (
        FieldDescriptorProto.LABEL_REPEATED if words.startswith("repeated ") else FieldDescriptorProto.LABEL_OPTIONAL
    )
    added = message.field.add(name=name, number=number, label=label)
    if kind in _TYPES:
        added.type = _TYPES[kind]
    else:
        added.type = FieldDescriptorProto.TYPE_MESSAGE
        added.type_name = f".{package}.{kind}"
    if oneof:
        if not message.oneof_decl:
            message.oneof_decl.add(name=oneof)
        added.oneof_index = 0


def _reflection_file(package: str) -> FileDescriptorProto:
    described = FileDescriptorProto(name=f"{package.replace('.', '/')}/reflection.proto", package=package)
    described.syntax = "proto3"
    for name, fields in _REFLECTION_MESSAGES.items():
        message = described.message_type.add(name=name)
        for entry in fields:
            _add_field(message, package, *entry)
    described.service.add(name="ServerReflection").method.add(
        name="ServerReflectionInfo",
        input_type=f".{package}.ServerReflectionRequest",
        output_type=f".{package}.ServerReflectionResponse",
        client_streaming=True,
        server_streaming=True,
    )
    return described


def _health_file() -> FileDescriptorProto:
    described = FileDescriptorProto(name="grpc/health/v1/health.proto", package=HEALTH, syntax="proto3")
    request = described.message_type.add(name="HealthCheckRequest")
    _add_field(request, HEALTH, "service", 1, "string")
    response = described.message_type.add(name="HealthCheckResponse")
    status = response.enum_type.add(name="ServingStatus")
    for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        status.value.add(name=name, number=number)
    response.field.add(
        name="status",
        number=1,
        label=FieldDescriptorProto.LABEL_OPTIONAL,
        type=FieldDescriptorProto.TYPE_ENUM,
        type_name=f".{HEALTH}.HealthCheckResponse.ServingStatus",
    )
    service = described.service.add(name="Health")
    for name in ("Check", "Watch"):
        service.method.add(
            name=name,
            input_type=f".{HEALTH}.HealthCheckRequest",
            output_type=f".{HEALTH}.HealthCheckResponse",
            server_streaming=True if name == "Watch" else None,
        )
    return described


def _file_of_inference() -> FileDescriptorProto:
    found = FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(found)
    return found


# A pool of their own: another package may put files of these names into the default one.
FILES = {
    described.name: described
    for described in (_file_of_inference(), _health_file(), *(_reflection_file(package) for package in REFLECTION))
}
"""The files of all services, by name; none imports another."""
POOL = DescriptorPool()
for _described in FILES.values():
    POOL.AddSerializedFile(_described.SerializeToString())


def message_class(full_name: str) -> Any:
    """The class of a message."""
    return GetMessageClass(POOL.FindMessageTypeByName(full_name))
