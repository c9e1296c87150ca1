"""Connects kfp's client to the API at an address, or behind the API server of a kubeconfig."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import ssl
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipelines.cluster.kubeconfig import SERVICE, behind_api_server
from pipelines.cluster.kubeflow_errors import TOKEN_VARIABLE, api_errors, body_message, reason, status_error
from tenure.errors import InputError, SourceError

if TYPE_CHECKING:
    import kfp
    from kfp_server_api import Configuration

PROBE_TIMEOUT_S = 10.0


def at_address(address: str) -> kfp.Client:
    """The client of the API at a URL.

    Raises:
        InputError: the address is not a URL, or not one of Kubeflow Pipelines.
        SourceError: the API is unreachable, or rejects the token.
    """
    if not address.startswith(("http://", "https://")):
        raise InputError(f"the endpoint '{address}' is not a URL: it begins with http:// or https://")
    _probe_address(address)
    with api_errors(address), quiet():
        import kfp

        return kfp.Client(host=address, existing_token=os.environ.get(TOKEN_VARIABLE))


def in_cluster(files: str, context: str | None) -> tuple[kfp.Client, str]:
    """The client of the API behind the API server of a kubeconfig, and a name of the API for messages.

    Raises:
        InputError: the kubeconfig has no such cluster, or the cluster has no Kubeflow Pipelines.
        SourceError: the API server is unreachable, or denies access.
    """
    settings = behind_api_server(files, context)
    cluster = settings.host.removesuffix(f"/{SERVICE}")
    api = f"ml-pipeline behind {cluster}"
    with api_errors(api):
        import kfp

        _probe_cluster(settings, cluster)

        class Client(kfp.Client):  # type: ignore[misc]  # it has no type stubs
            def _load_config(self, *_: object, **__: object) -> Configuration:
                return settings

        with quiet():
            return Client(), api


def _probe_cluster(settings: Configuration, cluster: str) -> None:
    """Check that the API responds, without the retries of kfp's client, which take minutes."""
    from kfp_server_api import ApiClient, ApiException

    once = copy.copy(settings)
    once.retries = False
    options = {"auth_settings": ["Bearer"], "_request_timeout": PROBE_TIMEOUT_S}
    try:
        ApiClient(once).call_api("/apis/v2beta1/healthz", "GET", **options)
    except ApiException as error:
        if error.status != 404:
            raise
        message = body_message(error.body) or error.reason
        raise InputError(
            f"no Kubeflow Pipelines in namespace kubeflow of {cluster} ({message}); if it is elsewhere, give --endpoint"
        ) from None


def _probe_address(address: str) -> None:
    """Check that the API responds. kfp's client would retry for minutes, and accepts the response of any server."""
    request = urllib.request.Request(f"{address}/apis/v2beta1/healthz")  # noqa: S310 http or https, checked
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT_S) as answer:  # noqa: S310
            json.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code in (404, 405):
            raise InputError(f"{address} responds, but is not a Kubeflow Pipelines API") from None
        raise status_error(error.code, str(error.reason), address) from None
    except ValueError as error:
        raise InputError(f"{address} responds, but is not a Kubeflow Pipelines API") from error
    except (OSError, ssl.SSLError) as error:
        raise SourceError(f"Kubeflow Pipelines at {address} cannot be reached: {reason(error)}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress what kfp prints and its deprecation warnings: standard output is for results."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
