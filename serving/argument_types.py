"""Types of command-line options: functions from a text to a checked value, for ``argparse``."""

from __future__ import annotations

import argparse
import math

MAX_SECONDS = 3600.0
_MAX_DIGITS = 9


def count(text: str) -> int:
    """A whole number from 0 on."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def port(text: str) -> int:
    """A port number; 0 stands for any free port."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number from 0 to 65535")
    return int(text)


def number(text: str) -> float:
    """A number from 0 on; it may be infinite."""
    value = _float(text)
    if not value >= 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return value


def seconds(text: str) -> float:
    """Seconds from 0 to an hour."""
    value = _float(text)
    if not 0.0 <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to {MAX_SECONDS:.0f}")
    return value


def time_limit(text: str) -> float:
    """Seconds above 0, up to an hour."""
    value = _float(text)
    if not 0.0 < value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, up to {MAX_SECONDS:.0f}")
    return value


def interval(text: str) -> float:
    """Seconds from 0.1 to an hour."""
    value = _float(text)
    if not 0.1 <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to {MAX_SECONDS:.0f}")
    return value


def _float(text: str) -> float:
    """The number in a text; NaN if it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
