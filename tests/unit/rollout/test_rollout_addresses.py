"""Storage addresses: what is below an allowed prefix, and what only looks as if it were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from rollout.addresses import check_address, prefixes_of
from tenure.errors import InputError

PREFIXES = prefixes_of("s3://tenure-models/mlflow, gs://other/")


@pytest.mark.parametrize(
    "address",
    [
        "s3://tenure-models/mlflow/1/0f3c/artifacts/model/data/bundle",
        "s3://tenure-models/mlflow/models/m-1.2+b=3/bundle/",
        "gs://other/7",
    ],
)
def test_an_address_below_a_prefix_is_allowed(address: str) -> None:
    check_address(address, PREFIXES)


@pytest.mark.parametrize(
    "address",
    [
        "s3://tenure-models-evil/mlflow/7",
        "s3://tenure-models/mlflow-evil/7",
        "s3://tenure-models/mlflow",
        "s3://tenure-models/other/7",
        "s3://tenure-models.evil.example/mlflow/7",
        "s3://evil/tenure-models/mlflow/7",
        "http://tenure-models/mlflow/7",
        "S3://tenure-models/mlflow/7",
        "s3://Tenure-Models/mlflow/7",
        "s3://tenure-models/MLFLOW/7",
        "s3://tenure-models/mlflow/../../evil/7",
        "s3://tenure-models/mlflow/./7",
        "s3://tenure-models/mlflow//7",
        "s3://tenure-models/mlflow/%2e%2e/evil",
        "s3://tenure-models/mlflow/7?versionId=1",
        "s3://tenure-models/mlflow/7#x",
        "s3://user@tenure-models/mlflow/7",
        "s3://tenure-models@evil/mlflow/7",
        "s3://tenure-models:pw@evil/mlflow/7",
        "s3://tenure-models:443/mlflow/7",
        "s3:///tenure-models/mlflow/7",
        "s3:/tenure-models/mlflow/7",
        "s3://tenure-models\\mlflow/7",
        "s3://tenure-models/mlflow/7\n",
        " s3://tenure-models/mlflow/7",
        "s3://tenure-models/mlflow/7 s3://evil/7",
        "s3://tenure-models/mlflow/\u2024\u2024/7",
        "s3://tenure-models/ml\u0441low/7",
        "file:///mnt/models",
        "pvc://tenure-models/mlflow/7",
        "",
    ],
)
def test_an_address_that_is_not_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="storage address") as refused:
        check_address(address, PREFIXES)
    assert "\n" not in str(refused.value)


@settings(max_examples=examples(300))
@given(st.text(max_size=40))
def test_no_text_after_a_prefix_leads_out_of_it(text: str) -> None:
    address = f"s3://tenure-models/mlflow/{text}"
    try:
        check_address(address, PREFIXES)
    except InputError:
        return
    assert not {"", ".", ".."} & set(text.rstrip("/").split("/")) or text in ("", "/")
    assert text.isascii() and not set(text) & set("%?#@\\ \t\n:")


def test_without_prefixes_every_address_is_allowed() -> None:
    check_address("file:///anywhere/../at all", prefixes_of(""))


@pytest.mark.parametrize("text", ["tenure-models", "s3://", "s3://Bucket/", "s3://a/../b", "s3://*"])
def test_a_prefix_that_is_no_address_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="is not an address"):
        prefixes_of(text)
