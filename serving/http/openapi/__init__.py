"""``/openapi.json`` and ``/docs``, generated from the contracts of the served models."""

from serving.http.openapi.document import document
from serving.http.openapi.page import page

__all__ = ["document", "page"]
