"""Bearer tokens: which are valid, and where the issuer's keys come from."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from serving.admission.clients import Clients
from serving.admission.jwks import KeySet, from_file, from_issuer, from_url
from serving.admission.refusal import OverloadedError, UnauthenticatedError
from serving.admission.tokens import TokenCheck
from tenure.errors import InputError

ISSUER, AUDIENCE = "https://id.example.com", "tenure"
RSA_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def published(*entries: tuple[str, Any]) -> bytes:
    keys = []
    for key_id, key in entries:
        kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
        keys.append(json.loads(kind.to_jwk(key.public_key())) | {"kid": key_id, "use": "sig"})
    return json.dumps({"keys": keys}).encode()


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "one", **changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "crm", "exp": time.time() + 600} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={} if kid is None else {"kid": kid})


def check_with(keys: KeySet, *algorithms: str) -> TokenCheck:
    return TokenCheck(ISSUER, AUDIENCE, algorithms or ("RS256", "ES256"), keys)


@pytest.fixture
def check() -> TokenCheck:
    keys = KeySet(lambda: published(("one", RSA_KEY), ("two", EC_KEY)))
    keys.refresh()
    return check_with(keys)


def test_valid_tokens(check: TokenCheck) -> None:
    good = token()
    assert [check.subject(good) for _ in range(2)] == ["crm", "crm"]
    assert check.subject(token(aud=["other", AUDIENCE])) == "crm"
    assert check.subject(token(EC_KEY, "ES256", "two", sub="app")) == "app"
    assert check.subject(token(kid=None)) == "crm"
    assert check.subject(token(exp=time.time() - 10)) == "crm", "clocks may differ by half a minute"


def unsigned() -> str:
    header, claims = ({"alg": "none", "kid": "one"}, {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**33})
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


def signed_with_the_public_key() -> str:
    """A known attack: an HMAC with the public key as its secret, for a verifier that trusts the token's algorithm."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives import serialization

    pem = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, claims = ({"alg": "HS256", "kid": "one"}, {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**33})
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    signature = hmac.new(pem, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (unsigned, "algorithm is not one of RS256, ES256"),
        (signed_with_the_public_key, "algorithm is not one of"),
        (lambda: token(algorithm="RS512"), "algorithm is not one of"),
        (lambda: token(OTHER_KEY), "invalid token"),
        (lambda: token(kid="three"), "a key that the issuer does not publish"),
        (lambda: token(EC_KEY, "ES256", "one"), "a key that the issuer does not publish"),
        (lambda: token(exp=time.time() - 60), "has expired"),
        (lambda: token(nbf=time.time() + 600), "not valid yet"),
        (lambda: token(iss="https://evil.example.com"), "another issuer"),
        (lambda: token(aud="other"), "another audience"),
        (lambda: token(exp=None), "lacks the claim 'exp'"),
        (lambda: token(sub=None), "lacks the claim 'sub'"),
        (lambda: token(sub=""), "'sub' is not a text"),
        (lambda: token()[:-4] + "AAAA", "invalid token"),
        (lambda: "a.b.c", "invalid token"),
        (lambda: "..", "invalid token"),
        (lambda: "ä.b.c", "invalid token"),
        (lambda: "x" * 9000, "longer than 8192 characters"),
    ],
)
def test_bad_tokens(check: TokenCheck, bad: Callable[[], str], message: str) -> None:
    check._keys.find = _once_settled(check._keys)  # type: ignore[method-assign]
    with pytest.raises(UnauthenticatedError, match=message) as caught:
        check.subject(bad())
    assert (caught.value.http, caught.value.headers) == (401, (("WWW-Authenticate", "Bearer"),))


def _once_settled(keys: KeySet) -> Any:
    """Check a token, again when the fetch that an unknown key starts is over."""
    find = keys.find

    def settled(key_id: str | None, algorithm: str) -> Any:
        found = find(key_id, algorithm)
        if keys._thread is not None:
            keys._thread.join()
        return found

    return settled


def test_a_verified_token_expires(check: TokenCheck) -> None:
    now = [time.time()]
    check._clock = lambda: now[0]
    short = token(exp=now[0] + 5)
    assert check.subject(short) == "crm"
    now[0] += 36
    # From memory it is not taken any more, and checked anew against the real clock it is still good.
    assert check.subject(short) == "crm"
    assert len(check._verified) == 1


class Issuer:
    """A provider's answers, and the number of requests to it."""

    def __init__(self, *entries: tuple[str, Any]) -> None:
        self.entries, self.asked, self.down = entries, 0, False

    def __call__(self) -> bytes:
        self.asked += 1
        if self.down:
            raise OSError("connection refused")
        return published(*self.entries)


def settle(keys: KeySet) -> None:
    if keys._thread is not None:
        keys._thread.join()


def test_a_new_key_is_fetched_when_a_token_names_it_and_not_too_often() -> None:
    now = [0.0]
    issuer = Issuer(("one", RSA_KEY))
    keys = KeySet(issuer, clock=lambda: now[0])
    keys.refresh()
    check = check_with(keys)
    assert check.subject(token()) == "crm"
    issuer.entries = (("next", OTHER_KEY),)
    with pytest.raises((OverloadedError, UnauthenticatedError)) as caught:
        check.subject(token(OTHER_KEY, kid="next"))
    if isinstance(caught.value, OverloadedError):
        assert caught.value.headers == (("Retry-After", "1"),)
    settle(keys)
    assert check.subject(token(OTHER_KEY, kid="next")) == "crm"
    for number in range(100):
        with pytest.raises(UnauthenticatedError):
            check.subject(token(kid=f"random-{number}"))
    assert issuer.asked == 2, "tokens with made-up keys do not make the server flood its issuer"
    with pytest.raises(UnauthenticatedError):
        check.subject(token())
    now[0] += 11.0
    keys.find("unknown", "RS256")
    settle(keys)
    assert issuer.asked == 3


def test_an_issuer_that_is_down_leaves_the_last_valid_keys(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    issuer = Issuer(("one", RSA_KEY))
    keys = KeySet(issuer, clock=lambda: now[0])
    keys.refresh()
    check = check_with(keys)
    issuer.down = True
    for _ in range(3):
        now[0] += 301.0
        assert check.subject(token()) == "crm"
        settle(keys)
    assert issuer.asked == 4
    assert len([line for line in caplog.messages if "connection refused" in line]) == 3
    issuer.down = False
    now[0] += 11.0
    check.subject(token())
    settle(keys)
    now[0] += 100.0
    check.subject(token())
    assert issuer.asked == 5, "fresh for five minutes"


def test_keys_are_fetched_before_the_first_token_comes() -> None:
    keys = KeySet(lambda: published(("one", RSA_KEY)))
    check = check_with(keys)
    Clients(tokens=check).begin()
    settle(keys)
    assert check.subject(token()) == "crm"
    Clients().begin()


def test_before_the_first_keys_clients_get_retry_after() -> None:
    go_on = threading.Event()

    def slow() -> bytes:
        go_on.wait(10)
        return published(("one", RSA_KEY))

    keys = KeySet(slow)
    check = check_with(keys)
    try:
        with pytest.raises(OverloadedError, match="being fetched"):
            check.subject(token())
    finally:
        go_on.set()
    settle(keys)
    assert check.subject(token()) == "crm"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"keys": []}', b'{"keys": 1}', b"<html>", b'{"keys":[{"kty":"oct"}]}']
)
def test_invalid_key_sets(content: bytes) -> None:
    keys = KeySet(lambda: content)
    keys.refresh()
    assert (keys.generation, keys._keys) == (0, [])


def test_a_key_of_an_unknown_kind_is_skipped(check: TokenCheck) -> None:
    document = json.loads(published(("one", RSA_KEY)))
    document["keys"] = [{"kty": "oct", "k": "AAAA", "kid": "s"}, {"kty": "EC", "crv": "?"}, *document["keys"]]
    keys = KeySet(lambda: json.dumps(document).encode())
    keys.refresh()
    assert check_with(keys).subject(token()) == "crm"


@pytest.fixture
def provider() -> Iterator[tuple[str, dict[str, tuple[int, bytes]]]]:
    answers: dict[str, tuple[int, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.end_headers()
            self.wfile.write(b"" if status == 302 else body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join()


def test_an_issuers_configuration_leads_to_its_keys(provider: tuple[str, dict]) -> None:
    url, answers = provider
    answers["/keys"] = (200, published(("one", RSA_KEY)))
    described = {"issuer": url, "jwks_uri": f"{url}/keys"}
    answers["/.well-known/openid-configuration"] = (200, json.dumps(described).encode())
    assert from_issuer(url)() == answers["/keys"][1]
    assert from_url(f"{url}/keys")() == answers["/keys"][1]
    for change in ({"issuer": "https://other"}, {"jwks_uri": "http://elsewhere.example.com/keys"}, {"jwks_uri": 1}):
        answers["/.well-known/openid-configuration"] = (200, json.dumps(described | change).encode())
        with pytest.raises((ValueError, TypeError)):
            from_issuer(url)()


def test_redirects_and_endless_answers_are_not_followed(provider: tuple[str, dict]) -> None:
    url, answers = provider
    answers["/keys"] = (302, f"{url}/other".encode())
    answers["/other"] = (200, published(("one", RSA_KEY)))
    with pytest.raises(OSError, match="302"):
        from_url(f"{url}/keys")()
    answers["/keys"] = (200, b" " * (1024 * 1024 + 1))
    with pytest.raises(ValueError, match="longer than 1048576 bytes"):
        from_url(f"{url}/keys")()


def test_keys_in_a_file(tmp_path: Any) -> None:
    (tmp_path / "jwks.json").write_bytes(published(("one", RSA_KEY)))
    keys = KeySet(from_file(tmp_path / "jwks.json"))
    keys.refresh()
    assert check_with(keys).subject(token()) == "crm"


@pytest.mark.parametrize("url", ["http://id.example.com/keys", "file:///etc/passwd", "ftp://x/y", "https://", "x"])
def test_addresses_that_keys_are_not_taken_from(url: str) -> None:
    for make in (from_url, from_issuer):
        with pytest.raises(InputError, match="is not an https:// address"):
            make(url)
