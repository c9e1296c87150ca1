"""From an address, or a kubeconfig, to a client of Kubeflow Pipelines that has been answered."""

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
from pipelines.cluster.kubeflow_errors import TOKEN_VARIABLE, answering, body_message, refusal, why
from tenure.errors import InputError, SourceError

if TYPE_CHECKING:
    import kfp
    from kfp_server_api import Configuration

REACH_TIMEOUT_S = 10.0


def at_address(address: str) -> kfp.Client:
    """The client of the API at a URL.

    Raises:
        InputError: it is none, or something else than Kubeflow Pipelines answers there.
        SourceError: nobody answers, or the token is refused.
    """
    if not address.startswith(("http://", "https://")):
        raise InputError(f"the endpoint '{address}' is no URL: it begins with http:// or https://")
    _reach(address)
    with answering(address), quiet():
        import kfp

        return kfp.Client(host=address, existing_token=os.environ.get(TOKEN_VARIABLE))


def in_cluster_of(files: str, context: str | None) -> tuple[kfp.Client, str]:
    """The client of the API behind the API server that a kubeconfig names, and what to call it.

    Raises:
        InputError: the kubeconfig names no cluster, or one that has no Kubeflow Pipelines.
        SourceError: nobody answers, or the API server refuses.
    """
    settings = behind_api_server(files, context)
    cluster = settings.host.removesuffix(f"/{SERVICE}")
    shown = f"ml-pipeline behind {cluster}"
    with answering(shown):
        import kfp

        _ask_once(settings, cluster)

        class Client(kfp.Client):  # type: ignore[misc]  # it has no type stubs
            def _load_config(self, *_: object, **__: object) -> Configuration:
                return settings

        with quiet():
            return Client(), shown


def _ask_once(settings: Configuration, cluster: str) -> None:
    """Quickly: the client would try for minutes."""
    from kfp_server_api import ApiClient, ApiException

    once = copy.copy(settings)
    once.retries = False
    options = {"auth_settings": ["Bearer"], "_request_timeout": REACH_TIMEOUT_S}
    try:
        ApiClient(once).call_api("/apis/v2beta1/healthz", "GET", **options)
    except ApiException as error:
        if error.status != 404:
            raise
        said = body_message(error.body) or error.reason
        raise InputError(
            f"no Kubeflow Pipelines in namespace kubeflow of {cluster} ({said}); if it is elsewhere, give --endpoint"
        ) from None


def _reach(address: str) -> None:
    """Ask once, quickly: the client would try for minutes, and takes any answer for the API's."""
    request = urllib.request.Request(f"{address}/apis/v2beta1/healthz")  # noqa: S310 http or https, checked
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=REACH_TIMEOUT_S) as answer:  # noqa: S310
            json.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code in (404, 405):
            raise InputError(f"{address} answers, but is no Kubeflow Pipelines API") from None
        raise refusal(error.code, str(error.reason), address) from None
    except ValueError as error:
        raise InputError(f"{address} answers, but is no Kubeflow Pipelines API") from error
    except (OSError, ssl.SSLError) as error:
        raise SourceError(f"Kubeflow Pipelines at {address} cannot be reached: {why(error)}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """kfp prints addresses and warns of its own past; standard output is for results."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
