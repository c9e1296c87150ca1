"""The least that this HTTP stack can do: uvicorn, uvloop and orjson; the request is parsed, the answer is constant."""

from __future__ import annotations

import sys
from typing import Any

import orjson
import uvicorn

_ANSWER = orjson.dumps({"model_name": "telco", "outputs": [{"name": "probability", "shape": [1], "data": [0.5]}]})
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


async def app(_: Any, receive: Any, send: Any) -> None:
    """Answer every request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if body:
        orjson.loads(body)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", lifespan="off", access_log=False, log_level="error")
