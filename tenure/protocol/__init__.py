"""A client of Tenure's model server in the V2 protocol. Needs the standard library only.

    document = infer_request({"tenure": [1, 34], "Contract": ["Month-to-month", "One year"], …}, explain=3)
    answer = post_json(f"http://127.0.0.1:8080/v2/models/telco/infer", document, timeout_s=10)
    for row in predictions(answer):
        print(row["probability"], row["decision"], row["band"], row["reasons"])

``tenure predict`` and ``check_serving`` use it.
"""

from tenure.protocol.answer import ADDITIONS, EXPLAINED, AnyRow, Row, added_among, predictions, score_of
from tenure.protocol.http import get_json, post_json
from tenure.protocol.request import datatype_of, infer_request

__all__ = [
    "ADDITIONS",
    "EXPLAINED",
    "AnyRow",
    "Row",
    "added_among",
    "datatype_of",
    "get_json",
    "infer_request",
    "post_json",
    "predictions",
    "score_of",
]
