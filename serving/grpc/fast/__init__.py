"""The gRPC service by HTTP/2 on the event loop itself, without grpcio's server."""

from serving.grpc.fast.server import FastGrpcServer

__all__ = ["FastGrpcServer"]
