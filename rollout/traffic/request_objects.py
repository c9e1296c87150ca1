"""The request objects of one service: how people and pipelines say what the controller is to do.

Their schema is k8s/base/rollout-requests/definition.yaml. The API server has checked the author of each (policy.yaml
there), and nobody changes the content of one that exists.
"""

from __future__ import annotations

import contextlib

from rollout.policy.request import Answer, RolloutRequest
from rollout.traffic.api import Api
from rollout.traffic.connection import INSTALL, REQUESTS, Conflict
from rollout.traffic.inference_service import Document
from tenure.errors import InputError

KIND = {"apiVersion": "tenure.dev/v1alpha1", "kind": "RolloutRequest"}
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class RequestObjects:
    """The RolloutRequests of one service. Methods raise the errors of ``rollout.traffic.api.Api``."""

    def __init__(self, api: Api, service: str) -> None:
        self._api = api
        self._service = service
        self._path = f"{REQUESTS}/namespaces/{api.namespace}/rolloutrequests"
        self._seen = ""

    def identity(self) -> str:
        """The name by which the API server knows this process."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        return str(self._api.call("POST", REVIEWS, review)["status"]["userInfo"]["username"])

    def create(self, spec: Document) -> RolloutRequest:
        """Make a request; its author is this process's identity.

        Args:
            spec: as ``rollout.policy.request`` writes it.
        """
        metadata = {"generateName": f"{self._service}-{spec['action']}-"}
        spec = {**spec, "service": self._service, "requestedBy": self.identity()}
        return _read(self._api.call("POST", self._path, {**KIND, "metadata": metadata, "spec": spec}))

    def find(self, name: str) -> RolloutRequest:
        """The request of that name.

        Raises:
            InputError: it has been deleted.
        """
        found = self._api.get(f"{self._path}/{name}", REQUESTS)
        if found is None:
            raise InputError(f"the request {name} has been deleted")
        return _read(found)

    def all(self) -> list[RolloutRequest]:
        """The service's requests, oldest first."""
        found = self._api.get(self._path, REQUESTS)
        if found is None:
            raise InputError(f"{self._api.host}: {INSTALL[REQUESTS]}")
        self._seen = found["metadata"]["resourceVersion"]
        requests = [_read(item) for item in found["items"] if item["spec"]["service"] == self._service]
        return sorted(requests, key=lambda request: (request.created_at, request.name))

    def answer(self, request: RolloutRequest, answer: Answer) -> None:
        """Write the controller's answer; nothing happens if the request has been deleted."""
        with contextlib.suppress(InputError):
            self._api.call("PATCH", f"{self._path}/{request.name}/status", {"status": answer.to_json()})

    def remove(self, request: RolloutRequest) -> None:
        """Delete a request; nothing happens if it has been deleted already."""
        with contextlib.suppress(InputError, Conflict):
            self._api.call("DELETE", f"{self._path}/{request.name}")

    def wait_for_new(self, timeout_s: float) -> None:
        """Return when a request is made after the last call of ``all``, or after ``timeout_s``.

        Raises:
            SourceError: they cannot be watched.
        """
        self._api.first_watched(self._path, {"resourceVersion": self._seen}, "ADDED", timeout_s)


def _read(document: Document) -> RolloutRequest:
    metadata = document["metadata"]
    status = document.get("status") or {}
    return RolloutRequest.from_json(
        metadata["name"], metadata["uid"], metadata["creationTimestamp"], document["spec"], status
    )
