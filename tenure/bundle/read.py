"""Reads a bundle from a folder."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from tenure.bundle import additions
from tenure.bundle.bundle import Bundle
from tenure.bundle.companion import Companion
from tenure.bundle.files import read_files, read_signed_files
from tenure.bundle.manifest import COMPANION
from tenure.bundle.onnx_model import OnnxModel
from tenure.contract import Contract, contract_hash
from tenure.contract import parse as parse_contract
from tenure.errors import BundleError, one_line
from tenure.explanation import Terms, from_arrays
from tenure.signing import TrustRoot
from tenure.tasks import get
from tenure.transform import Transform

T = TypeVar("T")


def read(folder: Path | str, *, threads: int = 1, trust: TrustRoot | None = None) -> Bundle:
    """Read the bundle in ``folder``. Hashes are verified before anything is parsed; nothing is unpickled.

    Args:
        folder: the bundle's folder.
        threads: threads of ONNX Runtime for one prediction.
        trust: keys of which one must have signed the bundle; None reads any bundle. What is hashed, verified and parsed
            are the same bytes.

    Raises:
        SignatureError: no key of ``trust`` signed the bundle.
        BundleError: the bundle is invalid; the message names folder, file and reason.
    """
    path = Path(folder)
    signed = None
    if trust is None:
        manifest, contents = read_files(path)
    else:
        manifest, contents, signed = read_signed_files(path, trust)

    def part(name: str, parse: Callable[[bytes], T]) -> T:
        try:
            return parse(contents[name])
        except Exception as error:  # parsers raise any error for bytes of another kind
            reason = one_line(error, 300) or type(error).__name__
            named = reason if reason.startswith(name) else f"{name}: {reason}"
            raise BundleError(f"{path}: {named}") from error

    contract = part("contract.yaml", _contract)
    if contract_hash(contract) != manifest.contract_hash or contract.name != manifest.name:
        raise BundleError(f"{path}: contract.yaml is not the contract that the manifest names")
    decision = get(contract.task).decision
    transform = part("transform.json", lambda raw: Transform.from_json(raw.decode()))
    terms = part("explain.npz", _terms)
    if terms.link not in decision.LINKS:
        raise BundleError(f"{path}: explain.npz: the link '{terms.link}' is not valid for a model of {contract.task}")
    width = len(transform.features)
    companion = None
    if COMPANION in contents:
        link = decision.LINKS[0]
        companion = part(COMPANION, lambda raw: Companion.from_json(raw.decode(), features=width, link=link))
    added = tuple(
        part(name, partial(additions.read_addition, name, transform=transform, contract=contract))
        for name in additions.FILE_NAMES
        if name in contents
    )
    outputs = get(contract.task).outputs
    try:
        additions.check_columns(added, (*outputs.columns, *outputs.tensors))
    except ValueError as error:
        raise BundleError(f"{path}: {error}") from None
    read_decision = part("decision.json", lambda raw: decision.from_json(raw.decode()))
    try:
        read_decision.check_contract(contract)
    except ValueError as error:
        raise BundleError(f"{path}: decision.json: {error}") from None
    return Bundle(
        manifest=manifest,
        contract=contract,
        transform=transform,
        decision=read_decision,
        terms=terms,
        profile=part("profile.json", _profile),
        model=part("model.onnx", lambda raw: OnnxModel(raw, width, threads, decision.MODEL_OUTPUTS)),
        companion=companion,
        additions=added,
        signed=signed,
    )


def _contract(raw: bytes) -> Contract:
    return parse_contract(raw.decode(), origin="contract.yaml")


def _terms(raw: bytes) -> Terms:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        # Only stored entries: a small compressed file could expand to any size.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("an array is compressed")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return from_arrays(dict(arrays))


def _profile(raw: bytes) -> dict:
    document = json.loads(raw)
    if not isinstance(document, dict):
        raise TypeError("not a mapping")
    return document
