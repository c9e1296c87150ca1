"""The files of the software company."""

from __future__ import annotations

import pyarrow as pa

from tenure.generators.business import Table
from tenure.generators.offers import treatments

INSTANT = pa.timestamp("us", tz="UTC")
TABLES = {
    "accounts": Table(
        "accounts.csv",
        "account_id",
        {
            "account_id": pa.string(),
            "created_at": INSTANT,
            "industry": pa.string(),
            "region": pa.string(),
            "employees": pa.string(),
            "channel": pa.string(),
        },
        time="created_at",
    ),
    "subscriptions": Table(
        "subscriptions.csv",
        "account",
        {
            "change_id": pa.string(),
            "account": pa.string(),
            "valid_from": INSTANT,
            "recorded_at": INSTANT,
            "status": pa.string(),
            "plan": pa.string(),
            "seat_price": pa.float64(),
        },
        time="valid_from",
        known_at="recorded_at",
        row_id="change_id",
    ),
    "seats": Table(
        "seats.parquet",
        "account",
        {
            "account": pa.string(),
            "counted_at": INSTANT,
            "seats_bought": pa.int64(),
            "seats_active": pa.int64(),
            "admins_active": pa.int64(),
        },
        time="counted_at",
    ),
    "usage": Table(
        "usage.parquet",
        "account",
        {
            "event_id": pa.string(),
            "account": pa.string(),
            "happened_at": INSTANT,
            "received_at": INSTANT,
            "feature": pa.string(),
            "users": pa.int64(),
            "actions": pa.int64(),
        },
        time="happened_at",
        known_at="received_at",
        row_id="event_id",
    ),
    "invoices": Table(
        "invoices.parquet",
        "account",
        {
            "invoice_id": pa.string(),
            "account": pa.string(),
            "issued_at": INSTANT,
            "recorded_at": INSTANT,
            "amount": pa.float64(),
            "status": pa.string(),
            "days_to_pay": pa.float64(),
        },
        time="issued_at",
        known_at="recorded_at",
        row_id="invoice_id",
    ),
    "tickets": Table(
        "tickets.parquet",
        "account",
        {
            "ticket_id": pa.string(),
            "account": pa.string(),
            "opened_at": INSTANT,
            "recorded_at": INSTANT,
            "severity": pa.string(),
            "area": pa.string(),
            "hours_to_solve": pa.float64(),
        },
        time="opened_at",
        known_at="recorded_at",
        row_id="ticket_id",
    ),
    "nps": Table(
        "nps.parquet",
        "account",
        {
            "answer_id": pa.string(),
            "account": pa.string(),
            "answered_at": INSTANT,
            "recorded_at": INSTANT,
            "score": pa.int64(),
            "role": pa.string(),
        },
        time="answered_at",
        known_at="recorded_at",
        row_id="answer_id",
    ),
    "treatments": treatments("account"),
}
