"""The drift report: one HTML file that needs nothing else, for people and for print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from tenure.number_text import compact, percent, quantity, score
from tenure.report.page import NOTHING
from tenure.report.pair_charts import Pair, bar_pairs, column_pairs
from tenure.report.story import Tile
from tenure.report.templates import environment, style

MOST_REASONS = 6
"""Reasons on the first screen."""
MOST_VALUES = 8
"""Values of a text that are drawn by themselves."""

Json = Mapping[str, Any]

TONES = {"retrain": "reject", "watch": "inconclusive", "fine": "bless", "undecided": "undecided"}
"""Class of the style sheet by verdict."""
HEADLINES = {
    "retrain": "Train a new model",
    "watch": "Worth a look",
    "fine": "Customers are like those of the training data",
    "undecided": "Too few customers to judge",
}
MEANINGS = {
    "retrain": "The current customers differ from those that the model was trained on; its predictions may not hold "
    "for them.",
    "watch": "A difference shows that does not ask for a new model yet.",
    "fine": "No difference reaches the limit from which it is worth a look.",
    "undecided": "Nothing was compared. Compare again when this version of the model has answered more customers.",
}


def render(monitoring: Json) -> str:
    """The drift report as HTML. Everything that comes from a table is escaped.

    Args:
        monitoring: content of ``monitoring.json``; see ``tenure.monitoring.Monitoring``.
    """
    templates = environment()
    inputs = [_input(name, psi, monitoring) for name, psi in monitoring["columns"].items()]
    return templates.get_template("monitoring.html").render(
        m=monitoring,
        story=_story(monitoring),
        inputs=inputs,
        statistics=[_about(statistic) for statistic in _further(monitoring)],
        scores=_scores(monitoring),
        most_reasons=MOST_REASONS,
        style=style(templates, "style.css", "monitoring.css"),
    )


def _story(monitoring: Json) -> dict[str, Any]:
    """The first screen."""
    state = monitoring["verdict"]
    return {
        "badge": state.capitalize(),
        "tone": TONES[state],
        "headline": HEADLINES[state],
        "why": MEANINGS[state],
        "tiles": _tiles(monitoring),
    }


def _tiles(monitoring: Json) -> list[Tile]:
    rows, rejected, columns = monitoring["rows"], monitoring["rejected"], monitoring["columns"]
    unread = f"{rejected:,} rows could not be read" if rejected else "every row could be read"
    tiles = [Tile("Customers compared" if columns else "Customers found", f"{rows:,}", unread)]
    if columns:
        levels = [_levels(name, psi, monitoring) for name, psi in columns.items()]
        far = sum("far" in found for found in levels)
        near = sum("near" in found and "far" not in found for found in levels)
        tiles.append(Tile("Inputs that moved", f"{far + near} of {len(columns)}", f"{far} of them far"))
        name, psi = next(iter(columns.items()))
        limit = f"retrain from {monitoring['limits']['max_psi']} on"
        tiles.append(Tile("Largest distance (PSI)", f"{psi:.2f}", f"{_cut(name)}; {limit}"))
    scores = monitoring["scores"]
    if scores:
        write = _writers(scores["column"])[1]
        before = f"{write(scores['mean_then'])} in the reference; PSI\N{NO-BREAK SPACE}{scores['psi']:.2f}"
        tiles.append(Tile(f"Mean {scores['column']}", write(scores["mean_now"]), before))
    return tiles


def _input(name: str, psi: float, monitoring: Json) -> dict[str, Any]:
    """An input, for the table and for its drawing."""
    found = monitoring["inputs"][name]
    level, judgement = _level(psi, monitoring)
    return {
        "name": name,
        "psi": psi,
        "level": level,
        "judgement": judgement,
        "unit": found["unit"],
        "description": found["description"],
        "missing_reference": found["reference"]["missing"],
        "missing_current": found["current"]["missing"],
        "new_values": _new_values(found),
        "statistics": [_statistic(name, statistic) for statistic in _further(monitoring)],
        "chart": _chart(name, found),
    }


def _further(monitoring: Json) -> list[Json]:
    """The statistics besides PSI."""
    return list(monitoring.get("statistics", {}).values())


def _about(statistic: Json) -> dict[str, str]:
    """Title, meaning and thresholds of a further statistic."""
    limits, write = statistic["thresholds"], _writer(statistic)
    said = [] if limits is None else [f"Watch from {write(limits['watch'])} on."]
    if limits is not None and limits["retrain"] is not None:
        said.append(f"Retrain from {write(limits['retrain'])} on.")
    return {"title": statistic["title"], "meaning": " ".join([statistic["meaning"], *said])}


def _statistic(name: str, statistic: Json) -> dict[str, str]:
    """A further statistic of the input ``name``, for its row in the table."""
    value, limits = statistic["columns"].get(name), statistic["thresholds"]
    level, judgement = "steady", "steady"
    if value is not None and limits is not None:
        level, judgement = _judgement(value, limits["watch"], limits["retrain"])
    text = NOTHING if value is None else _writer(statistic)(value)
    return {"title": statistic["title"], "text": text, "level": level, "judgement": judgement}


def _writer(statistic: Json) -> Callable[[float], str]:
    return percent if statistic["unit"] == "share" else score


def _levels(name: str, psi: float, monitoring: Json) -> set[str]:
    """Classes of an input by PSI and by every further statistic."""
    return {_level(psi, monitoring)[0], *(_statistic(name, each)["level"] for each in _further(monitoring))}


def _level(psi: float, monitoring: Json) -> tuple[str, str]:
    return _judgement(psi, monitoring["limits"]["watch_psi"], monitoring["limits"]["max_psi"])


def _judgement(value: float, watch: float, retrain: float | None) -> tuple[str, str]:
    """Class of the style sheet, and words."""
    if retrain is not None and value >= retrain:
        return "far", "moved far"
    return ("near", "moved") if value >= watch else ("steady", "steady")


def _new_values(found: Json) -> str:
    """The values that no row of the reference has; empty if there are none."""
    if found["kind"] == "number":
        return ""
    new = found["new_values"]
    if new is None:
        return f"unknown: the reference keeps its {len(found['values'])} most frequent values"
    if not new["distinct"]:
        return ""
    named = ", ".join(
        f"{entry['value']} ({percent(entry['share'])})".replace(" %", "\N{NO-BREAK SPACE}%")
        for entry in new["most_frequent"]
    )
    more = new["distinct"] - len(new["most_frequent"])
    return f"{named} and {more:,} more, {percent(new['share'])} in all" if more else named


def _chart(name: str, found: Json) -> Markup:
    before, now = found["reference"], found["current"]
    missing = [Pair("missing", before["missing"], now["missing"])] if before["missing"] or now["missing"] else []
    description = f"Distribution of {name}, reference and current"
    if found["kind"] == "number":
        return column_pairs(description, found["edges"], before["shares"], now["shares"], compact, beside=missing)
    values = [Pair(*row) for row in zip(found["values"], before["shares"], now["shares"], strict=True)]
    values.sort(key=lambda pair: -max(pair.reference, pair.current))
    drawn, rest = values[:MOST_VALUES], values[MOST_VALUES:]
    other = Pair(
        "other values",
        before["other"] + sum(pair.reference for pair in rest),
        now["other"] + sum(pair.current for pair in rest),
    )
    # Both are computed by subtraction, so they are 0 up to rounding.
    others = [other] if max(other.reference, other.current) > 1e-9 else []
    return bar_pairs(description, [*drawn, *others, *missing])


def _scores(monitoring: Json) -> dict[str, Any] | None:
    scores = monitoring["scores"]
    if scores is None:
        return None
    write_limit, write_mean = _writers(scores["column"])
    reference = monitoring["reference"]["source"] or "the rows held out in training, as the bundle holds them"
    level, judgement = _level(scores["psi"], monitoring)
    return {
        "about": f"What the model predicts for the current customers (from {scores['of']}), compared with its "
        f"predictions for the reference ({reference}).",
        "chart": column_pairs(
            f"Distribution of the predicted {scores['column']}, reference and current",
            scores["edges"],
            scores["reference"]["shares"],
            scores["current"]["shares"],
            write_limit,
        ),
        "mean_reference": write_mean(scores["mean_then"]),
        "mean_current": write_mean(scores["mean_now"]),
        "level": level,
        "judgement": judgement,
    }


def _writers(column: str) -> tuple[Callable[[float], str], Callable[[float], str]]:
    """How a limit between bins and a mean of predictions are written."""
    if column == "probability":
        return lambda value: f"{100 * value:.2g} %", percent
    return compact, quantity


def _cut(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
