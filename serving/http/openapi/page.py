"""The documentation page, without external resources."""

from __future__ import annotations

import html
from collections.abc import Iterable

from serving.http.openapi.columns import allowed
from serving.http.openapi.document import INTRODUCTION
from serving.http.openapi.example import curl
from serving.inference.model import ChurnModel

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;"
    "text-align:left;vertical-align:top}pre{background:#8882;padding:1rem;overflow:auto;white-space:pre-wrap;word-break:break-all}"
    ":root{color-scheme:light dark}"
)


def page(models: Iterable[ChurnModel], server: str) -> str:
    """The page, as HTML.

    Args:
        server: address that the client used.
    """
    parts = [f"<h1>Tenure model server</h1><p>{html.escape(INTRODUCTION)} ",
             "As OpenAPI: <a href='openapi.json'>openapi.json</a>.</p>"]  # fmt: skip
    for model in models:
        contract = model.bundle.contract
        name = html.escape(model.name)
        parts.append(f"<h2>{name}</h2><p>Version {html.escape(model.bundle.version)}. ")
        parts.append(f"{html.escape(contract.description or '')}</p>")
        parts.append("<h3>Inputs</h3><table><tr><th>column<th>datatype<th>allowed<th>unit<th>meaning</tr>")
        types = {entry["name"]: entry["datatype"] for entry in model.input_types()}
        for column, described in (contract.accepted | model.table_columns()).items():
            cells = (column, types[column], allowed(described), described.unit or "", described.description or "")
            parts.append("<tr><td>" + "<td>".join(html.escape(cell) for cell in cells) + "</tr>")
        parts.append("</table><h3>Outputs</h3><table><tr><th>name<th>datatype<th>rows</tr>")
        for output in model.output_types():
            shape = "one a row" if len(output["shape"]) == 1 else "<var>explain</var> a row, with that parameter"
            added = model.added.get(output["name"])
            if added is not None:
                shape = f"one a row, if the request names it: {html.escape(added.description)}"
            parts.append(f"<tr><td>{html.escape(output['name'])}<td>{output['datatype']}<td>{shape}</tr>")
        parts.append(f"</table><h3>Try it</h3><p>V2:</p><pre>{html.escape(curl(model, server, 'v2'))}</pre>")
        parts.append(f"<p>V1:</p><pre>{html.escape(curl(model, server, 'v1'))}</pre>")
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Tenure</title><style>{_STYLE}</style>{''.join(parts)}"
    )
