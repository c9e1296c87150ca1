"""Who the telco customers are: the columns of the known telco table, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.businesses.telco_usage import rates
from tenure.generators.businesses.telco_usage.rates import DAYS, Numbers
from tenure.generators.chain import Array

Texts = NDArray[np.str_]

INTERNET, INTERNET_SHARES = np.array(["No", "DSL", "Fiber optic"]), (0.22, 0.34, 0.44)
INTERNET_CHARGES = np.array([0.0, 25.0, 50.0])
TROUBLE_RATIOS = np.array([0.6, 1.0, 1.7])
"""Of getting annoyed, by kind of internet access."""
SUPPORT_RATIO = 0.7
CHECK_RATIO = 1.25
PAYMENTS = np.array(["Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"])
PAYMENT_SHARES = (0.34, 0.23, 0.22, 0.21)
ADD_ONS = {
    "OnlineSecurity": 0.36, "OnlineBackup": 0.44, "DeviceProtection": 0.44, "TechSupport": 0.37,
    "StreamingTV": 0.49, "StreamingMovies": 0.49,
}  # fmt: skip
"""Services of customers with internet access, and how many of them have each."""
EARLIER_SHARE, EARLIER_DAYS = 0.5, 2000
"""Customers who signed up before the first day, and how long before at most."""


@dataclass(frozen=True)
class People:
    """The customers of a block; arrays (customers,)."""

    columns: dict[str, Texts]
    """Of the known table, those that do not change."""
    charge: Array
    """USD a month at the start."""
    contract: Numbers
    """Position in ``rates.CONTRACTS`` at the start."""
    signed_up: Numbers
    """Number of the day; below 0 for those who came before the first day."""
    level: Numbers
    """Position in ``rates.LEVELS``; hidden."""
    trouble_ratio: Array
    cancel_ratio: Array

    @classmethod
    def draw(cls, block: Block) -> People:
        """The customers of a block."""
        random = block.random("people")
        size = block.size
        internet = _draw(random, INTERNET_SHARES, size)
        online = internet > 0
        phone = ~online | (random.random(size) < 0.87)
        lines = phone & (random.random(size) < 0.47)
        senior = random.random(size) < 0.16
        payment = _draw(random, PAYMENT_SHARES, size)
        has = {name: online & (random.random(size) < share) for name, share in ADD_ONS.items()}
        streams = has["StreamingTV"].astype(int) + has["StreamingMovies"]
        others = sum(has[name] for name in ADD_ONS if not name.startswith("Streaming"))
        charge = 20.0 * phone + INTERNET_CHARGES[internet] + 5.0 * lines + 5.0 * others + 10.0 * streams
        charge = np.round(charge + random.uniform(-1, 1, size), 2)
        columns = {
            "gender": np.where(random.random(size) < 0.5, "Female", "Male"),
            "SeniorCitizen": np.where(senior, "1", "0"),
            "Partner": _yes(random.random(size) < 0.48),
            "Dependents": _yes(random.random(size) < 0.30),
            "PhoneService": _yes(phone),
            "MultipleLines": np.where(phone, _yes(lines), "No phone service"),
            "InternetService": INTERNET[internet],
            **{name: np.where(online, _yes(chosen), "No internet service") for name, chosen in has.items()},
            "PaperlessBilling": _yes(random.random(size) < 0.59),
            "PaymentMethod": PAYMENTS[payment],
        }
        earlier = random.random(size) < EARLIER_SHARE
        before = -1 - (EARLIER_DAYS * random.random(size) ** 2).astype(np.int64)
        expensive = charge > rates.EXPENSIVE_CHARGE
        return cls(
            columns=columns,
            charge=charge,
            contract=_draw(random, rates.CONTRACT_SHARES, size),
            signed_up=np.where(earlier, before, random.integers(0, DAYS.count, size)),
            level=_draw(random, rates.LEVEL_SHARES, size),
            trouble_ratio=TROUBLE_RATIOS[internet]
            * np.where(has["TechSupport"], SUPPORT_RATIO, 1.0)
            * np.where(payment == 0, CHECK_RATIO, 1.0),
            cancel_ratio=np.where(expensive, rates.EXPENSIVE_RATIO, rates.CHEAP_RATIO)
            * np.where(senior, rates.SENIOR_RATIO, 1.0),
        )


def _draw(random: np.random.Generator, shares: tuple[float, ...] | Array, size: int) -> Numbers:
    return np.searchsorted(np.cumsum(shares)[:-1], random.random(size), side="right")


def _yes(flags: NDArray[np.bool_]) -> Texts:
    return np.where(flags, "Yes", "No")
