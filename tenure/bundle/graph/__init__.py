"""Which ONNX graphs a bundle may hold: what Tenure's exporters write, and nothing else.

ONNX Runtime is a large C++ program that reads whatever it is given. So the file is read here first, and only a graph of
the listed operators, of consistent sizes and with sound trees, is handed on. An exporter that writes something new
extends the lists here; a test holds both together.
"""

from tenure.bundle.graph.check import check_graph

__all__ = ["check_graph"]
