"""Address and credentials of Kubeflow Pipelines behind the API server of a kubeconfig."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cluster.kubeflow_errors import reason
from tenure.errors import InputError

if TYPE_CHECKING:
    from kfp_server_api import Configuration

SERVICE = "api/v1/namespaces/kubeflow/services/ml-pipeline:8888/proxy"
"""Path on the API server. A user with ``get`` and ``create`` on ``services/proxy`` needs no port forward."""
DEFAULT_FILE = Path("~/.kube/config")


def kubeconfig() -> str | None:
    """The files in ``KUBECONFIG``, or kubectl's default file; None if neither exists."""
    named = os.environ.get("KUBECONFIG")
    if named:
        return named
    return str(DEFAULT_FILE.expanduser()) if DEFAULT_FILE.expanduser().is_file() else None


def behind_api_server(files: str, context: str | None) -> Configuration:
    """Address and credentials for Kubeflow's clients.

    Their own support of a kubeconfig loses the proxy's path when the token is refreshed.

    Args:
        files: paths of the kubeconfig, in the format of ``KUBECONFIG``.
        context: name of the context; None for the current one.

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
            f"the kubeconfig {files} names no cluster ({reason(error)}); correct it, or give --endpoint"
        ) from error
    _set_host(settings, f"{settings.host.rstrip('/')}/{SERVICE}")
    return settings


def _set_host(settings: Configuration, host: str) -> None:
    """Send requests to ``host``, also after a refresh of the token, which resets address and hook each time."""
    settings.host = host
    refresh = settings.refresh_api_key_hook
    if refresh is None:
        return

    def refresh_and_keep(given: Configuration) -> None:
        refresh(given)
        given.host, given.refresh_api_key_hook = host, refresh_and_keep

    settings.refresh_api_key_hook = refresh_and_keep
