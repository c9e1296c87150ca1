"""The V2 protocol: what a request says and how an answer is written, over REST and over gRPC."""
