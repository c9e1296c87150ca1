"""Names that Kubernetes takes: what it refuses is refused here, before anything runs."""

from __future__ import annotations

import re

from tenure.errors import InputError

LABEL = re.compile(r"(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
"""Of a label; so are the names of objects."""
DNS_LABEL = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""Of services and namespaces, which are part of host names."""
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@\w+:[0-9a-f]{{32,}})?", re.ASCII
)
"""As container engines have it: registry, path, tag, digest."""


def label_pairs(texts: list[str]) -> dict[str, str]:
    """``team=crm`` as a Kubernetes label.

    Raises:
        InputError: Kubernetes takes no such label.
    """
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        prefix, slash, name = key.rpartition("/")
        well_formed = LABEL.fullmatch(name) and (not slash or PREFIX.fullmatch(prefix))
        if not equals or not well_formed or (value and not LABEL.fullmatch(value)):
            raise InputError(f"'{text}' is no Kubernetes label: key=value of letters, digits, '.', '_' and '-'")
        pairs[key] = value
    return pairs


def check_object_name(flag: str, name: str) -> None:
    """
    Raises:
        InputError: Kubernetes takes no such name of a Secret or a service account.
    """
    if not PREFIX.fullmatch(name):
        raise InputError(f"{flag} '{name}' is no name to Kubernetes: lower-case letters, digits, '-' and '.'")


def check_dns_label(flag: str, name: str) -> None:
    """
    Raises:
        InputError: Kubernetes takes no such name of a service or a namespace.
    """
    if not DNS_LABEL.fullmatch(name):
        raise InputError(f"{flag} '{name}' is no name to Kubernetes: 1 to 63 lower-case letters, digits and '-'")


def check_image(flag: str, image: str) -> None:
    """
    Raises:
        InputError: the text is not a reference to an image.
    """
    if not IMAGE.fullmatch(image):
        raise InputError(f"{flag} '{image}' is not an image: [registry/]path:tag in lower-case letters, without spaces")
