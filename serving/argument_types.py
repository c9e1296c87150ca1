"""Types of command-line options: functions from a text to a checked value, for ``argparse``."""

from __future__ import annotations

import argparse

MAX_SECONDS = 3600.0


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def port(text: str) -> int:
    """A port number; 0 stands for any free port."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is not a port")
    return number


def seconds(text: str) -> float:
    """Seconds from 0 to an hour."""
    number = float(text)
    if not 0.0 <= number <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds up to {MAX_SECONDS:.0f}")
    return number


def time_limit(text: str) -> float:
    """Seconds above 0, up to an hour."""
    number = seconds(text)
    if number == 0.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 seconds")
    return number


def interval(text: str) -> float:
    """Seconds from 0.1 to an hour."""
    number = seconds(text)
    if number < 0.1:
        raise argparse.ArgumentTypeError(f"{text} is less than 0.1 seconds")
    return number
