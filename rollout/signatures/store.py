"""Reads small files of an object store by S3's REST API, without boto3, which would double the image.

Signature Version 4: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Credentials and
endpoint are in the environment variables of AWS's own tools; without an endpoint it is AWS itself.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime

from tenure.errors import InputError, SourceError

TIMEOUT_S = 10.0
_NO_BODY = hashlib.sha256(b"").hexdigest()


def read_file(address: str, limit: int, environment: Mapping[str, str] = os.environ) -> bytes | None:
    """The content of the object at ``address``, as in s3://models/churn/manifest.json; None if there is none.

    Raises:
        InputError: the address is of another kind, there are no credentials, or the object is longer than ``limit``.
        SourceError: the store does not answer, or refuses.
    """
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise InputError(f"{address}: cannot be read to verify its signature: only s3:// addresses can")
    try:
        access_key, secret_key = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    except KeyError as error:
        raise InputError(f"{address}: cannot be read to verify its signature: {error.args[0]} is not set") from None
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    base = urllib.parse.urlsplit(endpoint or f"https://s3.{region}.amazonaws.com")
    if base.scheme not in ("http", "https") or not base.netloc:
        raise InputError(f"AWS_ENDPOINT_URL is {endpoint!r}, not a URL")
    bucket, key = urllib.parse.quote(parts.netloc, safe="~"), urllib.parse.quote(parts.path, safe="/~")
    path = f"{base.path.rstrip('/')}/{bucket}{key}"
    headers = {"host": base.netloc}
    if token := environment.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    headers = signed_headers(path, headers, (access_key, secret_key), region, datetime.now(UTC))
    return _get(f"{base.scheme}://{base.netloc}{path}", headers, address, limit)


def signed_headers(
    path: str, headers: Mapping[str, str], keys: tuple[str, str], region: str, now: datetime
) -> dict[str, str]:
    """``headers`` of a GET request without body or query, and those that sign it.

    Args:
        path: the URL's, quoted.
        headers: by name in lower case; all are signed.
        keys: access key and secret key.
    """
    access_key, secret_key = keys
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    signed = {**headers, "x-amz-content-sha256": _NO_BODY, "x-amz-date": stamp}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_NO_BODY}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={access_key}/{scope}"
    return {
        **signed,
        "authorization": f"AWS4-HMAC-SHA256 {credential},SignedHeaders={names},Signature={signature}",
    }


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the signed request is for the endpoint alone."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def _get(url: str, headers: Mapping[str, str], address: str, limit: int) -> bytes | None:
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 (http or https: checked above)
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read(limit + 1)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.NOT_FOUND:
            return None
        raise SourceError(f"{address}: the object store answers with HTTP {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"{address}: the object store does not answer: {getattr(error, 'reason', error)}") from error
    if len(content) > limit:
        raise InputError(f"{address}: more than {limit} bytes")
    return content
