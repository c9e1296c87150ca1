"""The model itself, run by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tenure.errors import BundleError

_INPUT = "features"
_OUTPUTS = ["margin", "probability"]
_VALUE_OUTPUTS = ["margin"]
_NOWHERE = "/dev/null/no-external-data"
"""Where ONNX Runtime may look for weights outside the model's own bytes."""


class OnnxModel:
    """``model.onnx``: float32 ``features`` (rows, features) to ``margin`` and ``probability`` (rows,).

    A regression's has no ``probability``.

    Raises:
        BundleError: if ONNX Runtime refuses the bytes, or the graph has other inputs or outputs.
    """

    def __init__(self, content: bytes, features: int, threads: int, *, of_value: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # An arena keeps what the largest request took; without it a call is no slower, and memory stays flat.
        options.enable_cpu_mem_arena = False
        # Threads that spin between requests take the processor from the ones that decode them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NOWHERE)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise BundleError(f"model.onnx: ONNX Runtime refuses it: {str(error).splitlines()[0][:200]}") from error
        self._check_signature(features, _VALUE_OUTPUTS if of_value else _OUTPUTS)

    def _check_signature(self, features: int, wanted: list[str]) -> None:
        inputs = [(node.name, node.type, node.shape[1:]) for node in self._session.get_inputs()]
        if inputs != [(_INPUT, "tensor(float)", [features])]:
            raise BundleError(f"model.onnx: its inputs are {inputs}, not {features} float32 features")
        outputs = {node.name: node.type for node in self._session.get_outputs()}
        for name in wanted:
            if outputs.get(name) not in ("tensor(float)", "tensor(double)"):
                raise BundleError(f"model.onnx: it has no floating-point output '{name}'")

    def run(self, matrix: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Margin and uncalibrated probability of every row, shape (rows,) each."""
        if not len(matrix):
            return np.empty(0), np.empty(0)
        margin, probability = self._session.run(_OUTPUTS, {_INPUT: matrix})
        return _flat(margin), _flat(probability)

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Margin of every row, shape (rows,): what a regression predicts."""
        if not len(matrix):
            return np.empty(0)
        (margin,) = self._session.run(_VALUE_OUTPUTS, {_INPUT: matrix})
        return _flat(margin)


def _flat(output: NDArray) -> NDArray[np.float64]:
    return output.reshape(-1).astype(np.float64, copy=False)
