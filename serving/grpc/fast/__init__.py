"""A gRPC server in Python on the event loop, in place of grpcio's."""

from serving.grpc.fast.server import FastGrpcServer

__all__ = ["FastGrpcServer"]
