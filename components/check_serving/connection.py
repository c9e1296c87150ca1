"""An HTTP connection to a model."""

from __future__ import annotations

import http.client
import json
from typing import Any

from components.check_serving.rows import Columns
from tenure.errors import ServingError
from tenure.protocol import infer_request


class Connection:
    """A persistent connection to one model."""

    def __init__(self, port: int, model: str, timeout_s: float) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._model = model

    def ask(self, columns: Columns, explain: int = 0) -> dict[str, Any]:
        """The answer to a V2 request.

        Raises:
            ServingError: the request fails, or the answer is not JSON.
        """
        return self.post(f"/v2/models/{self._model}/infer", infer_request(columns, explain=explain))

    def post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """The answer to a JSON document; raises as ``ask``."""
        body = json.dumps(document, allow_nan=False).encode()
        try:
            self._http.request("POST", path, body, {"Content-Type": "application/json"})
            response = self._http.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServingError(f"the model server does not respond: {error or type(error).__name__}") from None
        if response.status != 200:
            message = content[:300].decode("utf-8", "replace")
            raise ServingError(f"the model server returns {response.status}: {message}")
        try:
            answer: dict[str, Any] = json.loads(content)
        except ValueError:
            raise ServingError("the model server's response is not JSON") from None
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
