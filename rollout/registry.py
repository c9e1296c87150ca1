"""The alias in the model registry that moves with a promotion: MLflow's REST API, without MLflow's package.

The rollout's image is to stay small, and a few calls need no client library.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any, Protocol

from tenure.errors import InputError, SourceError

ALIAS = "champion"
HISTORY_PREFIX = "tenure.history."
BUNDLE_PATH = "data/bundle"
"""Where a registered model keeps its bundle; tenure.tracking.packaging writes it there (a test holds them together)."""


class Registry(Protocol):
    """Where it is written down which version serves. Every method may be repeated: doing it twice changes nothing.

    Every method raises ``SourceError`` if the registry is down or refuses, ``InputError`` if it has no such model or
    version, or says that this can be none.
    """

    def promoted(self, model: str, version: str, *, who: str, why: str) -> None:
        """``version`` serves all traffic now: the alias moves to it, and the move is written down."""

    def rolled_back(self, model: str, version: str, *, why: str) -> None:
        """``version`` was tried and taken back; the alias has not moved."""


class NoRegistry:
    """For services whose versions are in no registry."""

    def promoted(self, model: str, version: str, *, who: str, why: str) -> None:
        """Nothing to move."""

    def rolled_back(self, model: str, version: str, *, why: str) -> None:
        """Nothing to tell."""


class MlflowRegistry:
    """An MLflow tracking server, by HTTP. Credentials: MLFLOW_TRACKING_USERNAME and _PASSWORD, or _TOKEN."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s

    def promoted(self, model: str, version: str, *, who: str, why: str) -> None:
        found = self._ask("registered-models/get", {"name": model})["registered_model"]
        aliases = {item["alias"]: str(item["version"]) for item in found.get("aliases", [])}
        present = aliases.get(ALIAS)
        if present == version:
            return
        recorded = _moves(found.get("tags", []))
        if present is not None and (not recorded or recorded[-1]["to_version"] != present):
            why_found = "the alias was found here: it was moved outside Tenure, or a move was interrupted"
            last = recorded[-1]["to_version"] if recorded else None
            self._note(model, "found", who=who, why=why_found, before=last, after=present)
        # Written down before it is done, as tenure.tracking.history has it.
        action = "promote" if recorded or present else "first"
        self._note(model, action, who=who, why=why, before=present, after=version)
        self._ask("registered-models/alias", body={"name": model, "alias": ALIAS, "version": version})
        self._tag(model, version, f"promoted by {who}: {why}")

    def rolled_back(self, model: str, version: str, *, why: str) -> None:
        self._tag(model, version, f"rolled back: {why}")

    def storage_uri(self, model: str, version: str, artifact_root: str) -> str:
        """Where the bundle of a version lies, as KServe's storage initializer can fetch it.

        Args:
            artifact_root: what the server's ``mlflow-artifacts:`` addresses are relative to, as in s3://bucket/mlflow.

        Raises:
            InputError: if there is no such version, or its address cannot be fetched from a pod.
            SourceError: if the registry is down or refuses.
        """
        query = {"name": model, "version": version}
        source = str(self._ask("model-versions/get-download-uri", query)["artifact_uri"]).rstrip("/")
        parts = urllib.parse.urlsplit(source)
        if parts.scheme == "mlflow-artifacts":
            if not artifact_root:
                raise InputError(
                    f"version {version} of {model} lies at {source}, behind MLflow: "
                    f"say with --artifact-root where that is"
                )
            source = f"{artifact_root.rstrip('/')}/{parts.path.lstrip('/')}"
        elif parts.scheme in ("", "file"):
            raise InputError(
                f"version {version} of {model} lies at {source}, on one machine's disk: no pod can fetch it"
            )
        return f"{source}/{BUNDLE_PATH}"

    def _note(self, model: str, action: str, *, who: str, why: str, before: str | None, after: str) -> None:
        """One move of the alias, in the form that tenure.tracking.history reads."""
        now = datetime.now(UTC)
        move = {
            "when": now.isoformat(timespec="microseconds"),
            "action": action,
            "who": who[:1000],
            "why": why[:1000],
            "from_version": before,
            "to_version": after,
        }
        key = f"{HISTORY_PREFIX}{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
        self._ask("registered-models/set-tag", body={"name": model, "key": key, "value": json.dumps(move)})

    def _tag(self, model: str, version: str, value: str) -> None:
        body = {"name": model, "version": version, "key": "tenure.rollout", "value": value[:5000]}
        self._ask("model-versions/set-tag", body=body)

    def _ask(
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
            code, message = _said(error.read(2000).decode(errors="replace"))
            if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise InputError(f"MLflow at {self.url}: {message}") from error
            raise SourceError(f"MLflow at {self.url}: HTTP {error.code}: {message}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"MLflow at {self.url} does not answer: {reason}") from error


def _moves(tags: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Recorded moves, oldest first."""
    found = sorted((item["key"], item["value"]) for item in tags if item["key"].startswith(HISTORY_PREFIX))
    return [json.loads(value) for _, value in found]


def _credentials() -> dict[str, str]:
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if token:
        return {"Authorization": f"Bearer {token}"}
    user = os.environ.get("MLFLOW_TRACKING_USERNAME")
    if not user:
        return {}
    pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _said(text: str) -> tuple[str, str]:
    """MLflow's error code, "" if the answer is not MLflow's, and its words in one line."""
    try:
        document = json.loads(text)
        return str(document["error_code"]), " ".join(str(document["message"]).split())[:300]
    except (ValueError, KeyError, TypeError):
        return "", " ".join(text.split())[:300]
