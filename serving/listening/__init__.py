"""The addresses that the server listens on, and their TLS."""
