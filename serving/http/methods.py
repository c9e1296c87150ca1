"""HTTP methods that follow from an application's routes: HEAD from GET, OPTIONS, and the ``Allow`` of a 405."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route

from serving.http.answer import HttpAnswer
from serving.http.asgi import App, Message, Receive, Send, allow_header, send_answer

_OF_ROUTES = ("DELETE", "GET", "PATCH", "POST", "PUT")


class SoleRoute(Route):
    """A route that no other route shares a path with: another method is refused, not offered to them."""

    def matches(self, scope: Message) -> tuple[Match, Message]:
        match, child = super().matches(scope)
        return (Match.NONE if match is Match.NONE else Match.FULL), child


def allowed_methods(routes: Sequence[BaseRoute], scope: Message) -> list[str]:
    """The methods that a request's path allows, sorted; empty if there is no such path."""
    for route in routes:
        if isinstance(route, SoleRoute) and route.matches(scope)[0] is not Match.NONE:
            return sorted({*(route.methods or ()), "OPTIONS"})
    found = {
        method
        for method in _OF_ROUTES
        for route in routes
        if route.matches({**scope, "method": method})[0] is Match.FULL
    }
    if "GET" in found:
        found.add("HEAD")
    return sorted(found | {"OPTIONS"}) if found else []


class Methods:
    """Middleware that answers HEAD as GET, OPTIONS, and a path with a slash at its end as the one without.

    Args:
        routes: of the application.
    """

    def __init__(self, app: App, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.endswith("/") and not path.endswith("//") and path != "/":
            # Answered here: a redirect would need an address, and a client may put anything into the Host header.
            scope["path"] = path[:-1]
        if scope["method"] == "HEAD":
            # The connection sends the answer's headers only.
            scope = {**scope, "method": "GET"}
        elif scope["method"] == "OPTIONS":
            allow = allowed_methods(self._routes, scope)
            if allow:
                await send_answer(HttpAnswer(204, [allow_header(allow)], b""), send)
                return
        await self._app(scope, receive, send)
