"""Pseudonyms, and columns that logs must not show."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tenure.contract import load
from tenure.errors import InputError
from tenure.privacy import KEY_VARIABLE, Pseudonyms, hidden_columns, pseudonyms_from

SECRET = "s" * 32


def test_a_pseudonym_is_a_keyed_hash() -> None:
    names = Pseudonyms(SECRET)
    expected = hmac.new(SECRET.encode(), b"7590-VHVEG", hashlib.sha256).hexdigest()[:32]
    assert names.of("7590-VHVEG") == expected
    assert names.of(17) == names.of("17")
    assert Pseudonyms("t" * 32).of("7590-VHVEG") != expected
    assert len(names.of("\ud800")) == 32


def test_the_secret_comes_from_the_environment_and_is_long() -> None:
    assert pseudonyms_from({}) is None
    found = pseudonyms_from({KEY_VARIABLE: SECRET})
    assert found is not None
    assert found.of("a") == Pseudonyms(SECRET).of("a")
    with pytest.raises(InputError, match="has 31 characters, at least 32 are needed"):
        pseudonyms_from({KEY_VARIABLE: "s" * 31})


def test_keys_and_sensitive_columns_are_hidden() -> None:
    from pathlib import Path

    contract = load(Path(__file__).resolve().parents[3] / "datasets" / "telco")
    roles = {name: column.role for name, column in contract.columns.items()}
    hidden = {name for name, role in roles.items() if role in ("key", "sensitive")}
    assert {"customerID", "gender"} <= hidden
    assert hidden_columns(contract) == hidden
