"""The alias in the model registry, which moves with a promotion: MLflow's REST API, without MLflow's package.

The package would make the rollout's image much larger for a few calls.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Protocol

from tenure.errors import InputError, SourceError, one_line
from tenure.tracking.history import MAX_TEXT, Action, moves, tag
from tenure.tracking.packaging import BUNDLE_PATH
from tenure.tracking.refusal import PASSWORD_VARIABLE, TOKEN_VARIABLE, USER_VARIABLE, refusal
from tenure.tracking.version import CHAMPION


class Registry(Protocol):
    """The registry of model versions. Every method is idempotent.

    Every method raises ``SourceError`` if the registry is down or fails, ``InputError`` if it has no such model or
    version, or does not accept the name of one.
    """

    def record_promotion(self, model: str, version: str, *, who: str, why: str) -> None:
        """Move the alias to ``version``, which serves all traffic now, and record the move."""

    def record_rollback(self, model: str, version: str, *, why: str) -> None:
        """Record on ``version`` that it was rolled back; the alias does not move."""


class NoRegistry:
    """For services whose versions are not registered: does nothing."""

    def record_promotion(self, model: str, version: str, *, who: str, why: str) -> None:
        """Do nothing."""

    def record_rollback(self, model: str, version: str, *, why: str) -> None:
        """Do nothing."""


class MlflowRegistry:
    """An MLflow tracking server, by HTTP. Credentials: MLFLOW_TRACKING_USERNAME and _PASSWORD, or _TOKEN."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s

    def record_promotion(self, model: str, version: str, *, who: str, why: str) -> None:
        found = self._call("registered-models/get", {"name": model})["registered_model"]
        aliases = {item["alias"]: str(item["version"]) for item in found.get("aliases", [])}
        present = aliases.get(CHAMPION)
        if present == version:
            return
        recorded = moves({item["key"]: item["value"] for item in found.get("tags", [])})
        if present is not None and (not recorded or recorded[-1].to_version != present):
            why_found = "the alias was found here: it was moved outside Tenure, or a move was interrupted"
            last = recorded[-1].to_version if recorded else None
            self._record_move(model, "found", who=who, why=why_found, before=last, after=present)
        # Recorded before it is done, as in tenure.tracking.history.
        action: Action = "promote" if recorded or present else "first"
        self._record_move(model, action, who=who, why=why, before=present, after=version)
        self._call("registered-models/alias", body={"name": model, "alias": CHAMPION, "version": version})
        self._tag(model, version, f"promoted by {who}: {why}")

    def record_rollback(self, model: str, version: str, *, why: str) -> None:
        self._tag(model, version, f"rolled back: {why}")

    def storage_uri(self, model: str, version: str, artifact_root: str) -> str:
        """URI of a version's bundle, from which KServe's storage initializer can fetch it.

        Args:
            artifact_root: the store behind the server's ``mlflow-artifacts:`` URIs, as in s3://bucket/mlflow.

        Raises:
            InputError: there is no such version, or a pod cannot fetch its URI.
            SourceError: the registry is down or fails.
        """
        query = {"name": model, "version": version}
        source = str(self._call("model-versions/get-download-uri", query)["artifact_uri"]).rstrip("/")
        parts = urllib.parse.urlsplit(source)
        if parts.scheme == "mlflow-artifacts":
            if not artifact_root:
                raise InputError(
                    f"version {version} of {model} is at {source}, which only MLflow can read: "
                    f"give the store behind it as --artifact-root, as in s3://bucket/mlflow"
                )
            source = f"{artifact_root.rstrip('/')}/{parts.path.lstrip('/')}"
        elif parts.scheme in ("", "file"):
            raise InputError(f"version {version} of {model} is at {source}, on one machine's disk: no pod can fetch it")
        return f"{source}/{BUNDLE_PATH}"

    def bundle_version(self, model: str, version: str) -> str | None:
        """The bundle that is registered as ``version``; None if it is no registered version.

        Raises:
            SourceError: the registry is down or fails.
        """
        try:
            found = self._call("model-versions/get", {"name": model, "version": version})["model_version"]
        except InputError:
            return None
        tags = {item["key"]: item["value"] for item in found.get("tags", [])}
        return tags.get("tenure.bundle_version")

    def _record_move(self, model: str, action: Action, *, who: str, why: str, before: str | None, after: str) -> None:
        """Record one move of the alias."""
        key, value = tag(action, who[:MAX_TEXT], why[:MAX_TEXT], before, after)
        self._call("registered-models/set-tag", body={"name": model, "key": key, "value": value})

    def _tag(self, model: str, version: str, value: str) -> None:
        body = {"name": model, "version": version, "key": "tenure.rollout", "value": value[:5000]}
        self._call("model-versions/set-tag", body=body)

    def _call(
        self, path: str, query: dict[str, str] | None = None, *, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        url = f"{self.url}/api/2.0/mlflow/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **_credentials()})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                document: dict[str, Any] = json.loads(answer.read() or b"{}")
                return document
        except urllib.error.HTTPError as error:
            code, message = _error(error.read(2000).decode(errors="replace"))
            if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise InputError(f"MLflow at {self.url}: {message}") from error
            refused = refusal(error.code, self.url)
            raise SourceError(refused or f"MLflow at {self.url}: HTTP {error.code}: {message}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"MLflow at {self.url} does not answer: {reason}") from error


def _credentials() -> dict[str, str]:
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        return {"Authorization": f"Bearer {token}"}
    user = os.environ.get(USER_VARIABLE)
    if not user:
        return {}
    pair = f"{user}:{os.environ.get(PASSWORD_VARIABLE, '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _error(text: str) -> tuple[str, str]:
    """MLflow's error code and message, in one line; the code is "" if the response is not MLflow's."""
    try:
        document = json.loads(text)
        return str(document["error_code"]), one_line(document["message"], 300)
    except (ValueError, KeyError, TypeError):
        return "", one_line(text, 300)
