"""Runs the model by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tenure.bundle.graph import check_graph
from tenure.errors import BundleError

_INPUT = "features"
_NOWHERE = "/dev/null/no-external-data"
"""A folder that does not exist, so that ONNX Runtime reads no weights outside the model's bytes."""


class OnnxModel:
    """``model.onnx``: float32 ``features`` (rows, features) to outputs of shape (rows,).

    Args:
        content: the file.
        features: columns of the matrix.
        threads: of ONNX Runtime for one call.
        outputs: names of the graph's outputs that are read, in the order in which ``run`` returns them.

    Raises:
        BundleError: no exporter of Tenure writes such a graph, ONNX Runtime rejects the bytes, or the graph has other
            inputs or outputs.
    """

    def __init__(self, content: bytes, features: int, threads: int, outputs: Sequence[str]) -> None:
        self._outputs = list(outputs)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # An arena keeps the memory of the largest request; without it calls are not slower, and memory stays constant.
        options.enable_cpu_mem_arena = False
        # Threads that spin between requests take CPU time from request handling.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NOWHERE)
        check_graph(content)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise BundleError(f"model.onnx: ONNX Runtime rejects it: {str(error).splitlines()[0][:200]}") from error
        self._check_signature(features)

    def _check_signature(self, features: int) -> None:
        inputs = [(node.name, node.type, node.shape[1:]) for node in self._session.get_inputs()]
        if inputs != [(_INPUT, "tensor(float)", [features])]:
            raise BundleError(f"model.onnx: its inputs are {inputs}, not {features} float32 features")
        outputs = {node.name: node.type for node in self._session.get_outputs()}
        for name in self._outputs:
            if outputs.get(name) not in ("tensor(float)", "tensor(double)"):
                raise BundleError(f"model.onnx: it has no floating-point output '{name}'")

    def run(self, matrix: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
        """The outputs for every row, shape (rows,) each."""
        if not len(matrix):
            return tuple(np.empty(0) for _ in self._outputs)
        return tuple(map(_flat, self._session.run(self._outputs, {_INPUT: matrix})))


def _flat(output: NDArray) -> NDArray[np.float64]:
    return output.reshape(-1).astype(np.float64, copy=False)
