"""Reading contracts: errors name file, line and key; what is read is what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import contract_hash, dump, load, parse
from tenure.contract.document import MAX_DEPTH
from tenure.errors import ContractError

TEXT = """\
name: gym
source:
  uri: members.csv
label:
  positive: 1
columns:
  member:
    type: integer
    role: key
  visits:
    type: integer
    range: [0, null]
  left:
    type: boolean
    role: label
    values: [0, 1]
"""
SHARED = Path(__file__).parents[3] / "datasets"


def message(text: str) -> str:
    with pytest.raises(ContractError) as caught:
        parse(text, "c.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_numbers_and_booleans_of_yaml_stand_for_texts_of_the_data() -> None:
    contract = parse(TEXT)
    assert contract.label.positive == "1"
    assert contract.columns["left"].values == ("0", "1")
    assert parse(TEXT.replace("[0, 1]", "[false, true]").replace("1\n", "true\n", 1)).label.positive == "true"


def test_an_unknown_key_is_named_with_its_line() -> None:
    assert message(TEXT.replace("    range:", "    rnage:")) == "c.yaml:12: unknown key 'columns.visits.rnage'"
    assert message(TEXT + "lable: {}\n") == "c.yaml:17: unknown key 'lable'"


def test_a_missing_key() -> None:
    assert message(TEXT.replace("name: gym\n", "")) == "c.yaml:1: 'name' is missing"
    assert (
        message(TEXT.replace("    type: integer\n    range", "    range"))
        == "c.yaml:10: 'columns.visits.type' is missing"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "type: integer\n    range",
            "type: whole\n    range",
            "c.yaml:11: 'columns.visits.type': Input should be 'string'",
        ),
        ("[0, null]", "[5, 1]", "c.yaml:10: 'columns.visits': 'range' is empty: 5.0 > 1.0"),
        ("name: gym", "name: Gym!", "c.yaml:1: 'name': String should match pattern"),
        ("name: gym", "name: gym\nname: pool", "c.yaml:2: key 'name' is repeated"),
        ("  visits:", "  member:", "c.yaml:10: key 'member' is repeated"),
        ("name: gym", "name: [gym", "c.yaml:"),
        ("name: gym", "name: !!python/object:os.system gym", "c.yaml:1: not YAML"),
    ],
)
def test_the_line_of_what_is_wrong(old: str, new: str, said: str) -> None:
    assert message(TEXT.replace(old, new, 1)).startswith(said)


def test_several_mistakes_are_counted() -> None:
    assert message(TEXT.replace("range: [0, null]", "rnage: 1\n    foo: 2")).endswith("(and 1 more)")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "3"])
def test_what_is_no_mapping(text: str) -> None:
    assert "a contract is a mapping of keys to values" in message(text)


@given(st.text(max_size=80))
@settings(max_examples=examples(150))
def test_any_text_is_a_contract_or_a_contract_error(text: str) -> None:
    with pytest.raises(ContractError):
        parse(text)


def test_loading_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(TEXT)
    assert load(tmp_path) == load(tmp_path / "contract.yaml") == parse(TEXT)


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"no contract at .*contract\.yaml; 'tenure init' drafts one"):
        load(tmp_path)
    (tmp_path / "contract.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ContractError, match="cannot read the contract"):
        load(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "contract.yaml").mkdir()
    with pytest.raises(ContractError, match="cannot read the contract"):
        load(tmp_path / "x")


def test_dumped_and_read_back_it_is_the_same() -> None:
    contract = parse(TEXT)
    assert parse(dump(contract)) == contract
    assert contract_hash(parse(dump(contract))) == contract_hash(contract)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in SHARED.glob("*/contract.yaml")))
def test_the_contracts_that_come_along_load(folder: str) -> None:
    contract = load(SHARED / folder)
    assert parse(dump(contract)) == contract


def test_the_hash_is_of_what_is_said_not_of_how() -> None:
    one = contract_hash(parse(TEXT))
    assert contract_hash(parse("# a remark\n" + TEXT.replace("[0, null]", "[0,   null]"))) == one
    assert contract_hash(parse(TEXT.replace("members.csv", "elsewhere.csv"))) == one
    assert contract_hash(parse(TEXT.replace("[0, null]", "[0, 7]"))) != one
    document = yaml.safe_load(TEXT)
    document["columns"] = dict(reversed(document["columns"].items()))
    assert contract_hash(parse(yaml.safe_dump(document, sort_keys=False))) != one


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "name: " + "[" * 51 + "]" * 51],
    ids=["list", "mapping", "block", "one level too many"],
)
def test_deep_nesting_is_an_error_and_not_a_crash(text):
    with pytest.raises(ContractError, match=f"contract:1: .*{MAX_DEPTH} levels"):
        parse(text)


def test_nesting_up_to_the_limit_is_read():
    with pytest.raises(ContractError, match="'name'"):
        parse("name: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))


@pytest.mark.parametrize("key", ["[a]", "{a: b}", "? - a\n"])
def test_a_key_that_is_not_a_word_is_an_error(key):
    with pytest.raises(ContractError, match="contract:2: a key must be a word"):
        parse(f"name: x\n{key}: b")
