"""The gRPC service by HTTP/2 on the event loop itself, without grpcio's server."""

from serving.fast_grpc.server import FastGrpcServer

__all__ = ["FastGrpcServer"]
