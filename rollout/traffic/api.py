"""Requests to the API server, and its errors as ours."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from rollout.traffic.connection import INSTALL, MAX_MESSAGE, connect, status_of, translated
from rollout.traffic.inference_service import Document
from tenure.errors import InputError, SourceError, one_line

TIMEOUT_S = (5.0, 15.0)
"""To connect, and to read the response."""


class Api:
    """The API server of a kubeconfig's context, or of the cluster that this pod runs in.

    Methods raise ``Conflict`` if an object has changed or exists already, and

        InputError      a service, CRD, name or context does not exist, or an object is invalid
        SourceError     the cluster cannot be reached, forbids the request, or a quota is exceeded
    """

    def __init__(self, namespace: str | None = None, context: str | None = None) -> None:
        settings = client.Configuration()
        default_namespace = connect(settings, context)
        # The loop retries on a fresh read; retries of the client would only delay the renewal of its Lease.
        settings.retries = False
        self.namespace = namespace or default_namespace
        self.host = settings.host
        self._client = client.ApiClient(settings)

    def get(self, path: str, group: str = "", query: dict[str, str] | None = None) -> Document | None:
        """The object; None if it does not exist."""
        with self._translated(path):
            try:
                answer = self._request("GET", path, None, query)
            except ApiException as error:
                if error.status != 404:
                    raise
                # The error of a missing object is a Status; that of an API group which is not installed is plain text.
                if group and status_of(error).get("kind") != "Status":
                    raise InputError(f"{self.host}: {INSTALL[group]}") from error
                return None
            return json.loads(answer.data)

    def call(self, method: str, path: str, body: Document | None = None) -> Document:
        """The response to a request that writes."""
        with self._translated(path):
            return json.loads(self._request(method, path, body).data)

    def first_watched(self, path: str, query: dict[str, str], kind: str, timeout_s: float) -> None:
        """Return at the first watched event of ``kind`` (ADDED, MODIFIED, DELETED), or after ``timeout_s``.

        Raises:
            SourceError: it cannot be watched.
        """
        query = {**query, "watch": "true", "timeoutSeconds": str(max(1, round(timeout_s)))}
        with self._translated(path):
            answer = self._request("GET", path, None, query, timeout=(5.0, timeout_s + 5.0))
            with contextlib.closing(answer), contextlib.suppress(urllib3.exceptions.HTTPError):
                text = b""
                for part in answer.stream(4096):
                    *lines, text = (text + part).split(b"\n")
                    if any(json.loads(line)["type"] in (kind, "ERROR") for line in lines if line):
                        return

    def _request(
        self,
        method: str,
        path: str,
        body: Document | None,
        query: dict[str, str] | None = None,
        *,
        timeout: tuple[float, float] = TIMEOUT_S,
    ) -> Any:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return self._client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": kind},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=timeout,
        )

    @contextlib.contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        """The client's errors as ours, in one line."""
        try:
            yield
        except ApiException as error:
            raise translated(error, path, self.host) from error
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(
                f"the cluster at {self.host} cannot be reached: {one_line(reason, MAX_MESSAGE)}"
            ) from error
        except ConfigException as error:
            raise SourceError(
                f"no credentials for the cluster at {self.host}: {one_line(error, MAX_MESSAGE)}"
            ) from error
