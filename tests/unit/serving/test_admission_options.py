"""Command-line options of admission, and the command that creates keys."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from serving.admission import command
from serving.admission.keys import create_key, owner, parse_keys
from serving.admission.options import KEYS_VARIABLE, Options, add_options, read_clients, read_options
from tenure.errors import InputError


def parse(*argv: str) -> Options:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return read_options(parser, parser.parse_args(argv))


def test_defaults() -> None:
    assert parse() == Options()
    assert parse("--rate-limit", "0", "--max-rows", "5") == replace(Options(), rate_limit=0.0, max_rows=5)


@pytest.mark.parametrize(
    "argv",
    [
        ["--oidc-issuer", "https://id.example.com"],
        ["--oidc-audience", "tenure"],
        ["--oidc-jwks", "keys.json"],
        ["--rate-limit", "-1"],
        ["--rate-limit", "nan"],
        ["--rate-limit", "inf"],
        ["--max-in-flight", "0"],
        ["--max-held-mib", "0"],
        ["--max-rows", "x"],
        ["--timeout-s", "0"],
        ["--timeout-s", "nan"],
        ["--read-timeout-s", "3601"],
    ],
)
def test_options_that_cannot_hold(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*argv)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_without_keys_and_issuer_everybody_may_ask() -> None:
    assert read_clients(Options(), {}) is None
    assert read_clients(Options(rate_limit=5.0), {}) is None


def test_keys_from_a_file_or_the_environment(tmp_path: Path) -> None:
    key, line = create_key("crm")
    (tmp_path / "keys").write_text(line)
    for clients in (
        read_clients(Options(api_keys=tmp_path / "keys"), {}),
        read_clients(Options(), {KEYS_VARIABLE: line}),
    ):
        assert clients is not None
        assert clients.admit(f"Bearer {key}", None) == "key:crm"
        assert clients.rate is not None
    assert read_clients(Options(rate_limit=0.0), {KEYS_VARIABLE: line}).rate is None
    with pytest.raises(InputError, match="holds no key"):
        read_clients(Options(), {KEYS_VARIABLE: "# none\n"})
    with pytest.raises(InputError, match="is not an https:// address"):
        read_clients(Options(oidc_issuer="http://id.example.com", oidc_audience="tenure"), {})


def test_a_key_goes_to_the_screen_and_its_line_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["create", "crm"]) == 0
    said = capsys.readouterr()
    assert owner(parse_keys(said.err, "keys"), said.out.strip()) == "crm"
    assert said.out.strip() not in said.err
    assert command.main(["create", "C R M"]) == 2
    said = capsys.readouterr()
    assert (said.out, "key name 'C R M'" in said.err) == ("", True)
