"""A certificate that is replaced while the server runs."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from certificates import write_pair
from cryptography import x509
from cryptography.x509.oid import NameOID

from serving.listening.tls import Certificate
from tenure.errors import InputError


def shown_by(certificate: Certificate) -> str:
    """Names in the certificates of a new HTTPS connection and a new gRPC connection."""
    [name] = {shown_in(context) for context in (certificate.context, certificate.grpc_context)}
    return name


def shown_in(served: ssl.SSLContext) -> str:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with served.wrap_socket(theirs, server_side=True) as wrapped:
            wrapped.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(ours, server_hostname="localhost") as wrapped:
        raw = wrapped.getpeercert(binary_form=True)
        wrapped.send(b"x")
    thread.join()
    name = x509.load_der_x509_certificate(raw).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return str(name)


def test_a_renewed_pair_is_used_and_an_invalid_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = write_pair(tmp_path, "first")
    certificate = Certificate(*paths)
    assert shown_by(certificate) == "first"
    write_pair(tmp_path, "second")
    assert shown_by(certificate) == "first"
    certificate.check()
    assert shown_by(certificate) == "second"
    (tmp_path / "other").mkdir()
    _, other_key = write_pair(tmp_path / "other", "third")
    right = paths[1].read_bytes()
    for spoil in (b"nonsense", other_key.read_bytes(), None):
        if spoil is None:
            paths[1].unlink()
        else:
            paths[1].write_bytes(spoil)
        certificate.check()
        assert shown_by(certificate) == "second"
    assert len([line for line in caplog.messages if "stays as it was" in line]) == 3
    paths[1].write_bytes(right)
    certificate.check()
    assert shown_by(certificate) == "second"


def test_old_versions_of_the_protocol_are_refused(tmp_path: Path) -> None:
    certificate = Certificate(*write_pair(tmp_path, "first"))
    assert certificate.context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert certificate.grpc_context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_server_does_not_start_without_a_valid_pair(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path, "first")
    with pytest.raises(InputError, match="No such file"):
        Certificate(tmp_path / "nothing", key)
    with pytest.raises(InputError, match="are not a certificate and its key"):
        Certificate(key, certificate)
