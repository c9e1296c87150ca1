"""The YAML of a contract: whatever stands in it, a contract or one line that says what is wrong, in little time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Contract, load, parse
from tenure.contract import document as module
from tenure.contract.document import MAX_BYTES, MAX_VALUES
from tenure.errors import ContractError

TEXT = """\
name: gym
as_of: 2026-11-01
source: {uri: members.csv, timeout_s: 60, chunk_rows: 1000}
label: {positive: 1}
columns:
  member: {type: integer, role: key}
  joined: {type: date, format: "%Y-%m-%d"}
  visits: {type: integer, range: [0, null], missing_values: [-1]}
  plan: {type: category, values: [basic, plus]}
  left: {type: boolean, role: label, values: [0, 1]}
derived:
  age: {expression: "days_between(joined, today())", reason: old members stay}
split: {train: 0.7, validation: 0.15, test: 0.15, seed: 7}
business: {customer_value: 600, contacts_per_day: 1000}
decision: {bands: {low: 0.0, high: 0.5}}
training: {families: [logistic_regression], trials: 3, folds: 3}
acceptance: {confidence: 0.95, bootstrap_samples: 100}
serving: {max_p99_ms: 250}
"""
DOCUMENT = yaml.safe_load(TEXT)

HOSTILE = [
    "2026-13-45",
    "2026-01-01T25:00:00",
    "2026-01-01 10:00:00+99:99",
    "0000-01-01",
    "9" * 5_000,
    "9" * 4_301,
    "0x" + "f" * 5_000,
    "017",
    "08",
    "0b",
    "1:99:99",
    "59:" * 3_000 + "1",
    "1_000",
    ".inf",
    "-.inf",
    ".nan",
    "1e999",
    "1e308",
    "10" + "0" * 60,
    "-1",
    "=",
    "<<",
    "{<<: {a: b}}",
    "~",
    "[]",
    "{}",
    "[[[]]]",
    "{a: {b: c}}",
    "{[a]: b}",
    "{a: 1, a: 2}",
    "!!python/object/apply:os.system [id]",
    "!!python/name:os.system",
    "!!binary aGk=",
    "!!set {a}",
    "!!omap [a: 1]",
    "!!pairs [a: 1]",
    "!!timestamp 2026-01-01",
    "!!str 3",
    "! 3",
    "!unknown 3",
    "&a 3",
    "*a",
    "&a [*a]",
    '"\\0"',
    '"\\x1b[2J"',
    '"\\uD800"',
    '"a\\nb"',
    "x" * 5_000,
    "\t- x",
    "@x",
    "%x",
    "`x",
    "[a\n---\nb",
    "a\n...\n---\nb",
]


def message(text: str) -> str:
    with pytest.raises(ContractError) as caught:
        parse(text, "c.yaml")
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 1_000
    return said


def read(text: str) -> Contract | None:
    """The contract, or None where there is an error in one printable line."""
    try:
        return parse(text, "c.yaml")
    except ContractError as error:
        assert str(error).isprintable()
        assert error.exit_status == 2
        return None


def replaced(place: int, value: str, *, key: bool) -> str:
    """``TEXT`` with its n-th value, or key, replaced by other YAML."""
    nodes: list[yaml.ScalarNode] = []

    def collect(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            for name, child in node.value:
                nodes.extend([name] if key else [])
                collect(child)
        elif isinstance(node, yaml.SequenceNode):
            for child in node.value:
                collect(child)
        elif not key:
            nodes.append(node)

    collect(yaml.compose(TEXT))
    node = nodes[place % len(nodes)]
    return TEXT[: node.start_mark.index] + value + TEXT[node.end_mark.index :]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:20]))
def test_a_hostile_value_or_key_anywhere(value: str) -> None:
    for place in range(60):
        read(replaced(place, value, key=False))
        read(replaced(place, value, key=True))


@given(st.integers(0, 200), st.text(max_size=40), st.booleans())
@settings(max_examples=examples(300))
def test_any_text_in_any_place(place: int, value: str, key: bool) -> None:
    read(replaced(place, value, key=key))


@given(st.integers(0, 200), st.integers() | st.floats() | st.dates() | st.datetimes() | st.binary(max_size=20))
@settings(max_examples=examples(300))
def test_any_value_in_any_place(place: int, value: object) -> None:
    read(replaced(place, yaml.dump(value).removesuffix("\n...\n").strip(), key=False))


@given(st.binary(max_size=300))
@settings(max_examples=examples(300))
def test_any_bytes_are_a_contract_or_a_contract_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.yaml"
    file.write_bytes(content)
    with pytest.raises(ContractError) as caught:
        load(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0"])
def test_a_mark_of_another_encoding(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "contract.yaml").write_bytes(mark + TEXT.encode("utf-16-le"))
    with pytest.raises(ContractError, match=r"cannot read the contract .*: it is not UTF-8"):
        load(tmp_path)


def test_utf_8_with_a_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load(tmp_path) == parse(TEXT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: &a gym\n", r"c\.yaml:1: anchors and aliases \('a'\) are not allowed"),
        ("name: gym\nkey: *a\n", r"c\.yaml:2: anchors and aliases \('a'\) are not allowed"),
        ("name: &again [*again]", "anchors and aliases"),
        ("name: !!str gym\n", r"c\.yaml:1: .*the tag 'tag:yaml\.org,2002:str' is not allowed"),
        ("name: gym\n<<: {a: b}\n", r"c\.yaml:2: the merge key '<<' is not allowed"),
        ("name: gym\nas_of: 2026-13-45\n", r"c\.yaml:2: not YAML: '2026-13-45' is not a valid date"),
        ("name: " + "9" * 5_000, r"c\.yaml:1: not YAML: '9{60}…' is not a valid number; a text is written in quotes"),
        ("name: gym\n---\nname: pool\n", r"c\.yaml:2: a second document"),
        ('name: "a\\0b"', r"c\.yaml:1: a text contains NUL or a lone surrogate"),
        ("x" * (MAX_BYTES + 1), r"c\.yaml: longer than 1 MiB"),
        ("name: [" + "1," * MAX_VALUES + "]", f"more than {MAX_VALUES} keys and values"),
        ("", r"c\.yaml: a contract is a mapping"),
    ],
    ids=range(12),
)
def test_what_is_outside_of_the_subset(text: str, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        parse(text, "c.yaml")


def test_keys_are_texts_as_they_are_written() -> None:
    columns = parse(TEXT.replace("  visits:", "  2026:").replace("  plan:", "  2026-13-45:")).columns
    assert [*columns] == ["member", "joined", "2026", "2026-13-45", "left"]


def test_without_libyaml_the_same_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_Base", yaml.SafeLoader)
    assert read(TEXT) == parse(TEXT)
    for value in HOSTILE:
        read(replaced(0, value, key=False))
    assert "NUL or a lone surrogate" in message('name: "\\ud800"')


def test_a_pipe_a_device_and_a_long_file_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for file in (tmp_path / "pipe.yaml", Path("/dev/zero"), Path("/dev/tty")):
        with pytest.raises(ContractError, match="cannot read the contract"):
            load(file)
    with (tmp_path / "long.yaml").open("wb") as long:
        long.truncate(1 << 33)
    with pytest.raises(ContractError, match="longer than 1 MiB"):
        load(tmp_path / "long.yaml")
    with pytest.raises(ContractError, match="cannot read the contract"):
        load(tmp_path / ("x" * 300))


def _many(form: str, count: int) -> str:
    return "".join(form.format(n=n, before=n - 1) for n in range(count))


DOUBLING = "\n".join(
    ["derived:", "  d0: {expression: 'concat(plan, plan)', reason: x}"]
    + [f"  d{n}: {{expression: 'concat(d{n - 1}, d{n - 1})', reason: x}}" for n in range(1, 30)]
)
SMALL = {
    "laughs": "- &n0 [x, x]\n" + "".join(f"- &n{n} [{', '.join([f'*n{n - 1}'] * 9)}]\n" for n in range(1, 10)),
    "sexagesimal": "name: " + "59:" * 130 + "1",
    "underscores": "name: " + "1_" * 195,
    "date": "name: 2026-01-01" + " " * 380 + "x",
    "float": "name: " + "1" * 190 + "." + "1" * 190 + "x",
    "powers": TEXT.replace("days_between(joined, today())", "visits" + "**8" * 40),
    "tower": TEXT.replace("days_between(joined, today())", "9**9**9**9"),
    "repetition": TEXT.replace("days_between(joined, today())", "'a' * 999999999"),
    "parentheses": TEXT.replace("days_between(joined, today())", "(" * 190 + "1" + ")" * 190),
    "near names": TEXT.replace("days_between(joined, today())", "visitz" * 330),
    "doubling texts": TEXT.replace("derived:", DOUBLING),
    "days": TEXT.replace("derived:", "events: {cuts: [2026-01-01], active_days: 1000000000000}\nderived:"),
    "folds": TEXT.replace("folds: 3", "folds: 1000000000"),
    "samples": TEXT.replace("bootstrap_samples: 100", "bootstrap_samples: 1000000000"),
    "seed": TEXT.replace("seed: 7", "seed: 99999999999999999999"),
    "chunks": TEXT.replace("chunk_rows: 1000", "chunk_rows: 1000000000000"),
    "format": TEXT.replace("%Y-%m-%d", "%Y%Y"),
    "long format": TEXT.replace("%Y-%m-%d", "%a " * 130),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_file_is_refused_in_little_time(name: str) -> None:
    """Each of them once took seconds, minutes or all memory, at parsing or later."""
    began = time.process_time()
    said = message(SMALL[name])
    assert time.process_time() - began < 0.5
    assert said.startswith("c.yaml")


def test_a_long_file_of_long_expressions_takes_time_by_its_length() -> None:
    """Each part of an expression is quoted from its source, which was once divided into lines for each of them."""
    many = "".join(f"  d{n}: {{expression: '{'+'.join(['visits'] * 40)}', reason: x}}\n" for n in range(1_000))
    began = time.process_time()
    assert len(parse(TEXT.replace("derived:\n", "derived:\n" + many)).derived) == 1_001
    assert time.process_time() - began < 15
