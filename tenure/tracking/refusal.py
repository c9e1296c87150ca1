"""What to do when MLflow refuses a request for lack of credentials or of rights."""

from __future__ import annotations

import os
from http import HTTPStatus

USER_VARIABLE = "MLFLOW_TRACKING_USERNAME"
PASSWORD_VARIABLE = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 (a variable's name)
TOKEN_VARIABLE = "MLFLOW_TRACKING_TOKEN"  # noqa: S105


def refusal(status: int, shown: str) -> str | None:
    """Error message of an HTTP status, or None for a status that says nothing about access.

    Args:
        status: the answer's HTTP status.
        shown: the server's address, without credentials.
    """
    user = os.environ.get(USER_VARIABLE)
    if status == HTTPStatus.FORBIDDEN:
        who = f"user '{user}'" if user else "the user"
        return f"MLflow at {shown}: {who} lacks the permission for this request: ask its administrator for it"
    if status != HTTPStatus.UNAUTHORIZED:
        return None
    if user:
        return (
            f"MLflow at {shown}: wrong password or unknown user '{user}': check {USER_VARIABLE} and {PASSWORD_VARIABLE}"
        )
    if os.environ.get(TOKEN_VARIABLE):
        return f"MLflow at {shown}: the token is not accepted: check {TOKEN_VARIABLE}"
    return f"MLflow at {shown} requires credentials: set {USER_VARIABLE} and {PASSWORD_VARIABLE}, or {TOKEN_VARIABLE}"
