"""Inference over gRPC: KServe's service on an HTTP/2 server of our own, or on grpcio's."""
