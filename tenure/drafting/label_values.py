"""What a value of a label means."""

from __future__ import annotations

import re
from typing import Literal

from tenure.contract.boolean_words import FALSE_WORDS, TRUE_WORDS, fold
from tenure.drafting import names

Meaning = Literal["left", "stayed", "neither", "true", "false"]

_NOT = re.compile(r"(?:^|_)(?:no|not|non|never|didn_t|did_not|nicht|kein|keine|nao|ohne|without)(?:_|$)")
_LEFT = re.compile(
    r"churn|attrit|exited|defect|abgewandert|gekundigt|gekuendigt|kundigung|resili|desligad|perdid|perdu"
    r"|(?:^|_)(?:left|lost|leaver|leave|leaves|leaving|cancel|cancell?ed|cancelad[oa]|cancelou|cancelo|saiu|closed|terminated|quit|gone|departed"
    r"|inactive|inaktiv|inactivo|inativo|inactif|dropped|dropout|lapsed|unsubscribed|deactivated|resigned|baja|abandono"
    r"|ausgetreten|verloren|former|ehemalig\w*|charged_off|default|defaulted)(?:_|$)"
)
_STAYED = re.compile(
    r"(?:^|_)(?:stay|stays|stayed|staying|existing|active|aktiv|activ[oa]|ativ[oa]|actif|retained|renewed|loyal|current"
    r"|remain|remains|remained|kept|present|retenid[oa]|bestehend\w*|bestandskunde|geblieben|vigente|fidele)(?:_|$)"
)
_NEITHER = re.compile(
    r"^(?:joined|joiner|new|new_customer|newly_joined|pending|unknown|undetermined|trial|prospect|lead|neu|neukunde|nuevo|novo"
    r"|nouveau|unbekannt|desconocido|inconnu|other|others|na|none|n_a|not_applicable|not_available|tbd|open|in_progress)$"
)
_TRUE = frozenset(
    (*TRUE_WORDS, "ja", "j", "si", "s", "sim", "oui", "o", "da", "tak", "wahr", "vrai", "verdadero", "evet", "是")
)
_FALSE = frozenset(
    (
        *FALSE_WORDS,
        "nein",
        "nee",
        "nej",
        "nei",
        "nao",
        "non",
        "net",
        "nie",
        "falsch",
        "faux",
        "falso",
        "hayir",
        "否",
        "-1",
    )
)


def meaning_of(value: str) -> Meaning | None:
    """What a label's value means; None if it is not known.

    ``true`` and ``false`` are meant of the column's name: of ``churn`` yes means left, of ``active`` it does not.
    """
    folded = names.fold(value)
    word = fold(value.strip())
    for text in (word, folded):  # -1 is false, and 1 when folded
        if text in _TRUE:
            return "true"
        if text in _FALSE:
            return "false"
    if _NEITHER.match(folded):
        return "neither"
    if _LEFT.search(folded):
        return "stayed" if _NOT.search(folded) else "left"
    if _STAYED.search(folded):
        return "left" if _NOT.search(folded) else "stayed"
    return None
