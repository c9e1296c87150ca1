"""Kubeflow Pipelines behind a cluster's API server: where a kubeconfig says that it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cluster.kubeflow_errors import why
from tenure.errors import InputError

if TYPE_CHECKING:
    from kfp_server_api import Configuration

SERVICE = "api/v1/namespaces/kubeflow/services/ml-pipeline:8888/proxy"
"""Of an API server: whoever may ``get`` and ``create`` ``services/proxy`` there needs no port forward."""
DEFAULT_FILE = Path("~/.kube/config")


def kubeconfig() -> str | None:
    """The files that ``KUBECONFIG`` names, or kubectl's own; None if there is none."""
    named = os.environ.get("KUBECONFIG")
    if named:
        return named
    return str(DEFAULT_FILE.expanduser()) if DEFAULT_FILE.expanduser().is_file() else None


def behind_api_server(files: str, context: str | None) -> Configuration:
    """Address and credentials for Kubeflow's clients.

    Their own way through a kubeconfig loses the proxy's path as soon as a token is asked for.

    Args:
        files: of the kubeconfig, as ``KUBECONFIG`` has them.
        context: the current one without it.

    Raises:
        InputError: the files cannot be read, or have no such context.
    """
    import yaml
    from kfp_server_api import Configuration
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    settings = Configuration()
    try:
        contexts, _ = config.list_kube_config_contexts(files)
        known = sorted(each["name"] for each in contexts)
        if context is not None and context not in known:
            raise InputError(
                f"no context '{context}' in the kubeconfig {files}; there are {', '.join(known) or 'none'}"
            )
        config.load_kube_config(files, context=context, client_configuration=settings)
    except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise InputError(
            f"no cluster: the kubeconfig {files} names none ({why(error)}); mend it, or give --endpoint"
        ) from error
    _move(settings, f"{settings.host.rstrip('/')}/{SERVICE}")
    return settings


def _move(settings: Configuration, host: str) -> None:
    """Ask ``host``. What refreshes the token sets address and hook anew, each time."""
    settings.host = host
    refresh = settings.refresh_api_key_hook
    if refresh is None:
        return

    def refresh_and_stay(given: Configuration) -> None:
        refresh(given)
        given.host, given.refresh_api_key_hook = host, refresh_and_stay

    settings.refresh_api_key_hook = refresh_and_stay
