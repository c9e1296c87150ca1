"""TLS for HTTP and gRPC, with a certificate that may be renewed while the server runs."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import grpc

from serving.observation import logs
from tenure.errors import InputError

_CHECK_EVERY_S = 10.0


class Certificate:
    """A certificate chain and its key, in PEM files.

    Files that change, as when cert-manager renews a mounted Secret, are read again. If the two do not match, as while
    only one of them is written, the former pair stays in use.

    Raises:
        InputError: when constructed, if the files cannot be read or do not match.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._paths = certificate, key
        self.context = _context()
        """The context of HTTPS; new connections use the pair that was loaded last."""
        self.grpc_context = _context()
        """The context of gRPC on the event loop."""
        self.grpc_context.set_alpn_protocols(["h2"])
        self._pem = self._read()
        self._load()

    async def watch(self) -> None:
        """Check the files periodically until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            self.check()

    def check(self) -> None:
        """Read the files again if they changed."""
        before = self._pem
        try:
            self._pem = self._read()
            if self._pem == before:
                return
            self._load()
        except InputError as error:
            self._pem = before
            logs.server.error("the certificate stays as it was: %s", error)
        else:
            logs.server.info("certificate read again")

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Credentials of grpcio's server; each new connection uses the current certificate."""
        configuration = grpc.ssl_server_certificate_configuration
        served = self._pem

        def current() -> grpc.ServerCertificateConfiguration | None:
            nonlocal served
            if self._pem == served:
                return None
            served = self._pem
            return configuration([(self._pem[1], self._pem[0])])

        return grpc.dynamic_ssl_server_credentials(configuration([(served[1], served[0])]), current)

    def _read(self) -> tuple[bytes, bytes]:
        certificate, key = self._paths
        try:
            return certificate.read_bytes(), key.read_bytes()
        except OSError as error:
            raise InputError(f"{error.filename}: {error.strerror}") from None

    def _load(self) -> None:
        certificate, key = self._paths
        try:
            # In a context of its own first: loading a pair that does not match would break the one in use.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
            for context in (self.context, self.grpc_context):
                context.load_cert_chain(certificate, key, password="")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise InputError(f"{certificate} and {key} are not a certificate and its key: {error}") from None


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
