"""Customers as hidden Markov chains whose events depend on the hidden state, so that probabilities are exact.

A customer has independent components (how engaged, whether billing works, which plan …), each with a few states that
change from day to day with known probabilities. On each day an event (leaving, an order) happens with the probability
``1 − exp(−rate)``; the rate's logarithm is a sum over the components' states and of what depends on customer and day
alone. The probability that no event happens on the days to come, given the states, follows by the backward recursion
of hidden Markov models (Rabiner 1989, section III.A) and is what no model can surpass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
States = dict[str, NDArray[np.int8]]

ABSENT = -1
"""The state of a customer who is not there yet, or no longer."""


@dataclass(frozen=True)
class Component:
    """A hidden state of customers that changes from day to day, whatever the other components are in."""

    start: Array
    """Probabilities of the states on a customer's first day; (states,) or (customers, states)."""
    transition: Callable[[int], Array]
    """Of a day: probabilities (states, states) or (customers, states, states) of the night before it, from rows to
    columns."""
    log_rate: Array
    """What each state adds to the logarithm of the event's rate; (states,) or (customers, states)."""


@dataclass(frozen=True)
class Walk:
    """Days that customers lived through."""

    states: States
    """By component; int8 (customers, days), ``ABSENT`` on days before the first and after the last."""
    events: NDArray[np.bool_]
    """Whether the event happened; (customers, days)."""

    def before(self, day: int) -> States:
        """The states on the day before ``day``: int8 (customers,) by component."""
        return {name: states[:, day - 1] for name, states in self.states.items()}

    def first_event(self) -> NDArray[np.int64]:
        """The day of each customer's first event, or the number of days if there is none; (customers,)."""
        found = self.events.any(axis=1)
        return np.where(found, self.events.argmax(axis=1), self.events.shape[1])


@dataclass(frozen=True)
class Chain:
    """Components and what the rate of the event depends on besides."""

    components: Mapping[str, Component]
    log_rate: Array
    """Of customer and day alone: (customers, days)."""

    def walk(self, entered: NDArray[np.integer], random: np.random.Generator, *, leave: bool) -> Walk:
        """Draw the states and events of all days.

        Args:
            entered: number of each customer's first day; (customers,).
            random: where the draws come from.
            leave: whether a customer is absent after the event.
        """
        customers, days = self.log_rate.shape
        states = {name: np.full((customers, days), ABSENT, dtype=np.int8) for name in self.components}
        events = np.zeros((customers, days), dtype=bool)
        present = np.zeros(customers, dtype=bool)
        for day in range(days):
            new = entered == day
            present |= new
            rate = self.log_rate[:, day].copy()
            for name, component in self.components.items():
                first = np.broadcast_to(component.start, (customers, component.start.shape[-1]))
                odds = first
                if day:
                    before = np.maximum(states[name][:, day - 1], 0)
                    odds = np.where(new[:, None], first, _from(component.transition(day), before))
                drawn = choose(random, odds)
                states[name][:, day] = np.where(present, drawn, ABSENT)
                rate += np.broadcast_to(component.log_rate, odds.shape)[np.arange(customers), drawn]
            events[:, day] = present & (random.random(customers) < -np.expm1(-np.exp(rate)))
            if leave:
                present &= ~events[:, day]
        return Walk(states, events)

    def rate(self, states: States, day: int) -> Array:
        """The event's rate on ``day`` for customers in these states; (customers,)."""
        rate = self.log_rate[:, day].copy()
        for name, component in self.components.items():
            levels = np.broadcast_to(component.log_rate, (rate.size, component.log_rate.shape[-1]))
            rate += levels[np.arange(rate.size), np.maximum(states[name], 0)]
        return np.exp(rate)

    def no_event(self, states: States, first: int, last: int) -> Array:
        """The probability that no event happens from the day ``first`` to the day before ``last``; (customers,).

        Args:
            states: of the day before ``first``, by component; (customers,). What it says of absent customers is
                without meaning.
            first, last: numbers of days.
        """
        value = np.ones((*self._sizes, self.log_rate.shape[0]))
        for day in reversed(range(first, last)):
            value = self._night_before(value * np.exp(-self._rates(day)), day)
        return self._at(value, states)

    def expected(self, states: States, first: int, last: int, amount: Callable[[int], Array] | None = None) -> Array:
        """The expected sum, over those days, of the event's probability times ``amount``; (customers,).

        For events after which customers stay.

        Args:
            states, first, last: as for ``no_event``.
            amount: of a day, what an event is worth; shape (customers,) or a number. Without it events are counted.
        """
        value = np.zeros((*self._sizes, self.log_rate.shape[0]))
        for day in reversed(range(first, last)):
            worth = 1.0 if amount is None else amount(day)
            value = self._night_before(value - np.expm1(-self._rates(day)) * worth, day)
        return self._at(value, states)

    @property
    def _sizes(self) -> tuple[int, ...]:
        return tuple(component.start.shape[-1] for component in self.components.values())

    @cached_property
    def _levels(self) -> Array:
        """What every combination of states multiplies the rate by; (states of the first component, …, customers)."""
        total = np.ones((*(1 for _ in self._sizes), 1))  # one customer stands for all who are alike
        for axis, component in enumerate(self.components.values()):
            levels = np.exp(np.atleast_2d(component.log_rate)).T
            shape = [1] * len(self._sizes) + [levels.shape[1]]
            shape[axis] = levels.shape[0]
            total = total * levels.reshape(shape)
        return total

    def _rates(self, day: int) -> Array:
        """The rate in every combination of states; (states of the first component, of the second, …, customers)."""
        return np.exp(self.log_rate[:, day]) * self._levels

    def _night_before(self, value: Array, day: int) -> Array:
        """The expectation of ``value`` over the states of ``day``, given the day before's; shape as ``value``.

        Customers are the last axis: then the products are of few large arrays.
        """
        shape, before = value.shape, 1
        for component in self.components.values():
            transition = component.transition(day)
            states = transition.shape[-1]
            if transition.ndim == 2:
                value = transition @ value.reshape(before, states, -1)
            else:
                parts = value.reshape(before, states, -1, shape[-1])
                odds = np.ascontiguousarray(np.moveaxis(transition, 0, -1))
                rows = [sum(odds[i, j] * parts[:, j] for j in range(states)) for i in range(states)]
                value = np.stack(rows, axis=1)
            before *= states
        return value.reshape(shape)

    def _at(self, value: Array, states: States) -> Array:
        where = tuple(np.maximum(states[name], 0) for name in self.components)
        return value[(*where, np.arange(value.shape[-1]))]


def _from(transition: Array, before: NDArray[np.integer]) -> Array:
    """Each customer's row of ``transition``: (customers, states)."""
    if transition.ndim == 2:
        return transition[before]
    return transition[np.arange(before.size), before]


def constant(matrix: Sequence[Sequence[float]]) -> Callable[[int], Array]:
    """Transition probabilities that are the same for all customers and days."""
    fixed = np.array(matrix, dtype=np.float64)
    return lambda _day: fixed


def choose(random: np.random.Generator, odds: Array) -> NDArray[np.int64]:
    """A choice for each row of ``odds``, (rows, choices), whose rows sum to 1; (rows,)."""
    return (random.random((odds.shape[0], 1)) > np.cumsum(odds[:, :-1], axis=1)).sum(axis=1)
