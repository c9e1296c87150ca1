"""pipelines/graphs/request.py: what a user asks for, made ready for the graph."""

import contextlib

import pytest

from pipelines.graphs.request import MAX_CONTRACT_BYTES, read_request
from tenure.contract import parse
from tenure.errors import ContractError
from tenure.sources import open_source

CONTRACT = """
name: shop
source: {{uri: {uri}}}
label: {{positive: "yes"}}
columns:
  id: {{type: string, role: key}}
  left: {{type: category, role: label}}
  spend: {{type: number}}   # {comment}
{more}
"""


@pytest.fixture
def write(tmp_path):
    def to(uri="customers.csv", comment="", more=""):
        (tmp_path / "customers.csv").write_text("id,left,spend\n1,yes,2\n")
        (tmp_path / "contract.yaml").write_text(CONTRACT.format(uri=uri, comment=comment, more=more))
        return tmp_path

    return to


def test_the_text_has_the_source_where_any_step_finds_it(write, tmp_path, monkeypatch):
    folder = write()
    monkeypatch.chdir("/")
    request = read_request(folder)
    assert parse(request.text).source.uri == str(tmp_path / "customers.csv") == request.shown_source
    assert request.path == tmp_path / "contract.yaml"
    assert read_request(folder / "contract.yaml").text == request.text


def test_data_replaces_the_table_and_is_relative_to_where_the_user_is(write, tmp_path, monkeypatch):
    folder = write()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.csv").write_text("id,left,spend\n2,no,3\n")
    monkeypatch.chdir(tmp_path / "sub")
    request = read_request(folder, "other.csv")
    assert parse(request.text).source.uri == str(tmp_path / "sub" / "other.csv")
    assert request.fingerprint != read_request(folder).fingerprint


def test_comments_change_nothing(write):
    assert read_request(write()).text == read_request(write(comment="a thought")).text


def test_a_variable_stays_a_variable_in_the_text(write, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "secret-value")
    request = read_request(write("'postgresql://me:${DB_PASSWORD}@host/db'"))
    assert "${DB_PASSWORD}" in request.text
    assert "secret-value" not in request.text + request.shown_source


def test_a_password_is_refused_and_not_repeated(write):
    with pytest.raises(ContractError, match="contains a password") as caught:
        read_request(write(), "postgresql://me:hunter22@host/db")
    assert "hunter22" not in str(caught.value)


def test_what_kfp_would_replace_is_refused(write):
    with pytest.raises(ContractError, match=r"the contract contains '\{\{\$'"):
        read_request(write(more='description: "{{$.inputs}}"'))


def test_a_contract_that_no_command_line_holds_is_refused(write):
    fits = f"description: {'x' * (MAX_CONTRACT_BYTES - 2_000)}"
    assert read_request(write(more=fits))
    with pytest.raises(ContractError, match="at most 90,000"):
        read_request(write(more=f"description: {'x' * MAX_CONTRACT_BYTES}"))


def test_a_contract_without_a_source_says_so(write):
    folder = write()
    text = (folder / "contract.yaml").read_text().replace("source: {uri: customers.csv}\n", "")
    (folder / "contract.yaml").write_text(text)
    with pytest.raises(ContractError, match=r"'source\.uri' is missing"):
        read_request(folder)


def test_the_command_line_has_the_last_word_on_trials_and_seed(write):
    folder = write()
    before = read_request(folder).contract
    changed = read_request(folder, trials=3, seed=11)
    assert (changed.contract.training.trials, changed.contract.training.seed, changed.contract.split.seed) == (
        3,
        11,
        11,
    )
    assert parse(changed.text).training.trials == 3
    assert read_request(folder, trials=3).contract.split == before.split
    assert read_request(folder, families="lda,qda").contract.training.families == ("lda", "qda")
    assert parse(read_request(folder, families="all").text).training.families[-1] == "ensemble"


def test_data_is_read_as_it_is_written_not_as_the_contracts_own_table(write, tmp_path):
    november = tmp_path / "november.csv"
    november.write_bytes("November\nid;left;spend\n1;yes;2\n2;no;5 €\nTotal;;7\n".encode("cp1252"))
    source = parse(read_request(write(), str(november)).text).source
    assert (source.delimiter, source.encoding, source.skip_rows) == (";", "cp1252", 1)
    with contextlib.closing(open_source(source)) as table:
        assert table.columns() == ["id", "left", "spend"]


def test_data_in_a_store_is_not_looked_at_from_here(write):
    source = parse(read_request(write(), "s3://no-such-bucket/november.csv").text).source
    assert (source.uri, source.delimiter) == ("s3://no-such-bucket/november.csv", ",")
