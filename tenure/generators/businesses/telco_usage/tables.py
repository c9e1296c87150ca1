"""The tables of the telephone company."""

from __future__ import annotations

import pyarrow as pa

from tenure.generators.business import Table
from tenure.generators.businesses.telco_usage.people import ADD_ONS
from tenure.generators.offers import treatments

KEY = "customerID"
INSTANT = pa.timestamp("us", tz="UTC")

TABLES = {
    "customers": Table(
        "customers.csv",
        KEY,
        {
            KEY: pa.string(),
            "signed_up_at": INSTANT,
            **dict.fromkeys(
                (
                    "gender", "SeniorCitizen", "Partner", "Dependents", "PhoneService", "MultipleLines",
                    "InternetService", *ADD_ONS, "PaperlessBilling", "PaymentMethod",
                ),
                pa.string(),
            ),
        },
        time="signed_up_at",
    ),
    "plans": Table(
        "plans.parquet",
        KEY,
        {
            "change_id": pa.string(),
            KEY: pa.string(),
            "valid_from": INSTANT,
            "recorded_at": INSTANT,
            "Contract": pa.string(),
            "MonthlyCharges": pa.float64(),
        },
        time="valid_from",
        known_at="recorded_at",
        row_id="change_id",
    ),
    "usage": Table(
        "usage.parquet",
        KEY,
        {
            "bill_id": pa.string(),
            KEY: pa.string(),
            "closed_at": INSTANT,
            "billed_at": INSTANT,
            "billed_calls": pa.int64(),
            "billed_minutes": pa.float64(),
            "dropped_calls": pa.int64(),
            "gigabytes": pa.float64(),
            "extra_charges": pa.float64(),
            "paid_late": pa.bool_(),
        },
        time="closed_at",
        known_at="billed_at",
        row_id="bill_id",
    ),
    "calls": Table(
        "calls.parquet",
        KEY,
        {
            KEY: pa.string(),
            "started_at": INSTANT,
            "received_at": INSTANT,
            "kind": pa.string(),
            "seconds": pa.int64(),
            "dropped": pa.bool_(),
        },
        time="started_at",
        known_at="received_at",
    ),
    "cancellations": Table(
        "cancellations.parquet",
        KEY,
        {
            "cancellation_id": pa.string(),
            KEY: pa.string(),
            "cancelled_at": INSTANT,
            "recorded_at": INSTANT,
            "reason": pa.string(),
        },
        time="cancelled_at",
        known_at="recorded_at",
        row_id="cancellation_id",
    ),
    "treatments": treatments(KEY),
}  # fmt: skip
