"""The tables of the retail shop."""

from __future__ import annotations

import pyarrow as pa

from tenure.generators.business import Table
from tenure.generators.offers import treatments

KEY = "customer_id"
INSTANT = pa.timestamp("us", tz="UTC")

TABLES = {
    "customers": Table(
        "customers.csv",
        KEY,
        {
            KEY: pa.string(),
            "registered_at": INSTANT,
            "country": pa.string(),
            "channel": pa.string(),
            "newsletter": pa.bool_(),
            "birth_year": pa.int64(),
            "gender": pa.string(),
        },
        time="registered_at",
    ),
    "orders": Table(
        "orders.parquet",
        KEY,
        {
            "order_id": pa.string(),
            KEY: pa.string(),
            "ordered_at": INSTANT,
            "recorded_at": INSTANT,
            "sold_in": pa.string(),
            "payment": pa.string(),
            "category": pa.string(),
            "items": pa.int64(),
            "categories": pa.int64(),
            "amount": pa.float64(),
            "discount": pa.float64(),
        },
        time="ordered_at",
        known_at="recorded_at",
        row_id="order_id",
    ),
    "deliveries": Table(
        "deliveries.parquet",
        KEY,
        {KEY: pa.string(), "delivered_at": INSTANT, "order_id": pa.string(), "days": pa.int64()},
        time="delivered_at",
    ),
    "returns": Table(
        "returns.parquet",
        KEY,
        {
            "return_id": pa.string(),
            KEY: pa.string(),
            "returned_at": INSTANT,
            "recorded_at": INSTANT,
            "order_id": pa.string(),
            "items": pa.int64(),
            "amount": pa.float64(),
            "reason": pa.string(),
        },
        time="returned_at",
        known_at="recorded_at",
        row_id="return_id",
    ),
    "visits": Table(
        "visits.parquet",
        KEY,
        {
            KEY: pa.string(),
            "started_at": INSTANT,
            "received_at": INSTANT,
            "minutes": pa.float64(),
            "pages": pa.int64(),
            "device": pa.string(),
            "referrer": pa.string(),
            "basket": pa.bool_(),
        },
        time="started_at",
        known_at="received_at",
    ),
    "loyalty": Table(
        "loyalty.parquet",
        KEY,
        {
            "change_id": pa.string(),
            KEY: pa.string(),
            "valid_from": INSTANT,
            "recorded_at": INSTANT,
            "tier": pa.string(),
            "points": pa.int64(),
        },
        time="valid_from",
        known_at="recorded_at",
        row_id="change_id",
    ),
    "treatments": treatments(KEY),
}
