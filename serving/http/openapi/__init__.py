"""``/openapi.json`` and ``/docs``: what this server takes, written from the contracts of the models it has."""

from serving.http.openapi.document import document
from serving.http.openapi.page import page

__all__ = ["document", "page"]
