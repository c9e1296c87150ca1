"""The files of the video service."""

from __future__ import annotations

import pyarrow as pa

from tenure.generators.business import Table
from tenure.generators.offers import treatments

INSTANT = pa.timestamp("us", tz="UTC")
TABLES = {
    "subscribers": Table(
        "subscribers.csv",
        "subscriber_id",
        {
            "subscriber_id": pa.string(),
            "signed_up_at": INSTANT,
            "country": pa.string(),
            "channel": pa.string(),
            "payment_method": pa.string(),
            "birth_year": pa.int64(),
        },
        time="signed_up_at",
    ),
    "plans": Table(
        "plans.csv",
        "subscriber",
        {
            "change_id": pa.string(),
            "subscriber": pa.string(),
            "valid_from": INSTANT,
            "recorded_at": INSTANT,
            "plan": pa.string(),
            "price": pa.float64(),
            "cause": pa.string(),
        },
        time="valid_from",
        known_at="recorded_at",
        row_id="change_id",
    ),
    "sessions": Table(
        "sessions.parquet",
        "subscriber",
        {
            "session_id": pa.string(),
            "subscriber": pa.string(),
            "started_at": INSTANT,
            "received_at": INSTANT,
            "minutes": pa.float64(),
            "device": pa.string(),
            "genre": pa.string(),
        },
        time="started_at",
        known_at="received_at",
        row_id="session_id",
    ),
    "payments": Table(
        "payments.parquet",
        "subscriber",
        {
            "payment_id": pa.string(),
            "subscriber": pa.string(),
            "charged_at": INSTANT,
            "booked_at": INSTANT,
            "amount": pa.float64(),
            "status": pa.string(),
        },
        time="charged_at",
        known_at="booked_at",
        row_id="payment_id",
    ),
    "tickets": Table(
        "tickets.parquet",
        "subscriber",
        {
            "ticket_id": pa.string(),
            "subscriber": pa.string(),
            "opened_at": INSTANT,
            "recorded_at": INSTANT,
            "topic": pa.string(),
            "hours_to_solve": pa.float64(),
        },
        time="opened_at",
        known_at="recorded_at",
        row_id="ticket_id",
    ),
    "cancellations": Table(
        "cancellations.parquet",
        "subscriber",
        {"subscriber": pa.string(), "cancelled_at": INSTANT, "reason": pa.string()},
        time="cancelled_at",
    ),
    "treatments": treatments("subscriber"),
}
