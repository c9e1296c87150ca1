"""The leakage check: all kinds of findings, with their levels and messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tenure.checks.leakage.dates import dated
from tenure.checks.leakage.ends import ends
from tenure.checks.leakage.missing import constant, missing_lately
from tenure.checks.leakage.one_sided import one_sided
from tenure.checks.leakage.orders import orders
from tenure.checks.leakage.ranking import DETERMINES, ranking
from tenure.checks.leakage.table import KINDS, Finding, Table
from tenure.checks.leakage.together import together
from tenure.checks.result import Check, Level
from tenure.contract import Column, Contract
from tenure.contract.columns import Derived

ADVICE = (
    "Leave out what is not known on the day of a prediction (role: ignored; a derived feature: remove it); "
    'keep what is known, as it stands, with leakage: {allow: "<reason>"}'
)
WINDOW_ADVICE = (
    "A window sees no row from the cut on: is a row of its table dated before it was known? Then give the column with "
    "that time the role known_at. Accept a window that is as it should be by its name in quality.leakage_accepted"
)


def check_leakage(contract: Contract, table: Table) -> list[Check]:
    """Every finding, and one passed check for each kind without one.

    A finding is of the level that ``quality.leakage`` says; a warning if it ``warns`` only or the contract allows it.
    """
    found = [*dated(contract, table), *constant(table)]
    if table.label.size and table.label.min() != table.label.max():
        found += ranking(table)
        found += together(table.one_a_customer, {finding.column for finding in found})
        found += _new(one_sided(contract, table.one_a_customer), found)
        named = {finding.column for finding in found}
        found += [finding for finding in ends(contract, table.one_a_customer) if finding.column not in named]
        found += orders(table.one_a_customer)
    found += missing_lately(table)
    sources = _sources(contract)
    leaking = {finding.column for finding in found if finding.kind != "constant"}
    # Reported once, for the source column; features derived from it are named in the same message.
    found = [finding for finding in found if not sources.get(finding.column or "", frozenset()) & leaking]
    checks = [_check(contract, group, sources) for group in _groups(contract, found)]
    clean = [kind for kind in KINDS if kind not in {finding.kind for finding in found}]
    return checks + [Check(f"leakage: {kind}", "pass", f"no leakage found: {kind}") for kind in clean]


def allowed(contract: Contract) -> dict[str, str | None]:
    """Features that may look like leakage, with the reason; None where the contract gives no reason."""
    reasons: dict[str, str | None] = dict.fromkeys(contract.quality.leakage_accepted)
    features: dict[str, Column | Derived] = {**contract.row_columns, **contract.derived}
    for name, described in features.items():
        if described.leakage is not None:
            reasons[name] = described.leakage.allow
    return reasons


def _are_windows(contract: Contract, names: Sequence[str], sources: Mapping[str, frozenset[str]]) -> bool:
    """Whether all of the features are windows, or derived from windows alone."""
    windows = set() if contract.assembly is None else set(contract.assembly.windows)
    return all(name in windows or (name in sources and sources[name] <= windows) for name in names)


def _new(more: Iterable[Finding], found: Sequence[Finding]) -> Iterator[Finding]:
    """Without the single values of columns that are named already for all their values."""
    known = {finding.column for finding in found if not finding.warns}
    return (finding for finding in more if finding.kind != "value of one class" or finding.column not in known)


def _sources(contract: Contract) -> dict[str, frozenset[str]]:
    """All columns that each derived feature is computed from, directly or through others."""
    found: dict[str, frozenset[str]] = {}
    for name, expression in contract.expressions.items():
        found[name] = frozenset(expression.columns).union(*(found.get(used, ()) for used in expression.columns))
    return found


def _groups(contract: Contract, found: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings by message: columns that are the label in several codings share one."""
    reasons = allowed(contract)
    codings = [each for each in found if each.text == DETERMINES and each.column not in reasons]
    if codings:
        yield codings
    yield from ([finding] for finding in found if finding not in codings)


def _check(contract: Contract, group: Sequence[Finding], sources: Mapping[str, frozenset[str]]) -> Check:
    finding = group[0]
    if finding.column is None:
        return Check(f"leakage: {finding.kind}", "warn", finding.text, None, finding.observed, finding.limit)
    names = [str(each.column) for each in group]
    through = [derived for derived, used in sources.items() if used & set(names)]
    also = ""
    if through and finding.kind != "constant":
        also = f"; so do the features derived from {'it' if len(names) == 1 else 'them'}: {', '.join(through)}"
    level: Level = "warn" if finding.warns else contract.quality.leakage
    reasons = allowed(contract)
    advice = None if finding.kind == "constant" else ADVICE
    if finding.column in reasons and finding.kind != "constant":
        reason = reasons[finding.column]
        also += f"; allowed: {reason}" if reason else "; allowed by quality.leakage_accepted"
        level, advice = "warn", None
    elif advice is not None and _are_windows(contract, names, sources):
        # Silence is what many leavers have in common, and honest.
        level, advice = "warn", WINDOW_ADVICE
    what = _subject(contract, names)
    text = finding.text if len(names) == 1 else f"are the label in several codings: each {finding.text}"
    message = f"{finding.kind}: {what} {text}{also}"
    return Check(f"leakage: {finding.kind}", level, message, ", ".join(names), finding.observed, finding.limit, advice)


def _subject(contract: Contract, names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"columns {', '.join(repr(name) for name in names)}"
    name = names[0]
    if name in contract.derived:
        return f"derived feature '{name}' (of {', '.join(contract.expressions[name].columns)})"
    return f"column '{name}'"
