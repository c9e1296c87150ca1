"""URLs of inference requests."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = rb"([A-Za-z0-9][A-Za-z0-9._-]{0,99})"
_INFER = re.compile(rb"/v2/models/" + _NAME + rb"(?:/versions/([A-Za-z0-9._-]{1,100}))?/infer")
_PREDICT = re.compile(rb"/v1/models/" + _NAME + rb":predict")


class Target(NamedTuple):
    """What an inference request asks for."""

    path: str
    model: str
    version: str | None
    is_v1: bool


_MAX_KNOWN = 256
_known: dict[bytes, Target] = {}


def target_of(url: bytes) -> Target | None:
    """The target of an inference request's URL, cached; None for another URL."""
    known = _known.get(url)
    if known is not None:
        return known
    found = _INFER.fullmatch(url) or _PREDICT.fullmatch(url)
    if found is None:
        return None
    version = found.group(2) if found.re is _INFER else None
    target = Target(
        url.decode(),
        found.group(1).decode(),
        None if version is None else version.decode(),
        is_v1=found.re is _PREDICT,
    )
    if len(_known) < _MAX_KNOWN:
        _known[url] = target
    return target
