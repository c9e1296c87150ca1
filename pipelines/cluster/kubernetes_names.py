"""Checks of names that Kubernetes would reject, before anything runs."""

from __future__ import annotations

import re

from tenure.errors import InputError

LABEL = re.compile(r"(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
"""Prefix of a label, and name of an object."""
DNS_LABEL = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""Name of a service or namespace, which is part of a host name."""
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@\w+:[0-9a-f]{{32,}})?", re.ASCII
)
"""Reference of an image: registry, path, tag, digest."""


def label_pairs(texts: list[str]) -> dict[str, str]:
    """Labels from texts such as ``team=crm``.

    Raises:
        InputError: a text is not a valid Kubernetes label.
    """
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        prefix, slash, name = key.rpartition("/")
        well_formed = LABEL.fullmatch(name) and (not slash or PREFIX.fullmatch(prefix))
        if not equals or not well_formed or (value and not LABEL.fullmatch(value)):
            raise InputError(f"'{text}' is not a Kubernetes label: key=value of letters, digits, '.', '_' and '-'")
        pairs[key] = value
    return pairs


def check_object_name(flag: str, name: str) -> None:
    """
    Raises:
        InputError: the name is not valid for a Secret or a service account.
    """
    if not PREFIX.fullmatch(name):
        raise InputError(f"{flag} '{name}' is not a Kubernetes name: lower-case letters, digits, '-' and '.'")


def check_dns_label(flag: str, name: str) -> None:
    """
    Raises:
        InputError: the name is not valid for a service or a namespace.
    """
    if not DNS_LABEL.fullmatch(name):
        raise InputError(f"{flag} '{name}' is not a Kubernetes name: 1 to 63 lower-case letters, digits and '-'")


def check_image(flag: str, image: str) -> None:
    """
    Raises:
        InputError: the text is not a reference to an image.
    """
    if not IMAGE.fullmatch(image):
        raise InputError(f"{flag} '{image}' is not an image: [registry/]path:tag in lower-case letters, without spaces")
