"""Facts for a model card: training rows in the model's files, and whether its contributions are exact."""

from __future__ import annotations

from tenure.explanation.ensemble import EnsembleTerms
from tenure.explanation.kernel import KernelTerms
from tenure.explanation.model import Terms
from tenure.explanation.neighbours import NeighbourTerms
from tenure.explanation.network import NetworkTerms


def customers_held(terms: Terms) -> int:
    """Number of encoded training rows, without keys, in the arrays; a repeated row counts each time."""
    if isinstance(terms, EnsembleTerms):
        return sum(customers_held(member) for member in terms.members)
    if isinstance(terms, NeighbourTerms | KernelTerms):
        return len(terms.rows) + len(terms.background)
    return len(terms.background) if isinstance(terms, NetworkTerms) else 0


def sampled_walks(terms: Terms) -> int:
    """Number of walks over which a contribution is averaged, of the member with fewest; 0 if all are exact."""
    if isinstance(terms, EnsembleTerms):
        return min((walks for member in terms.members if (walks := sampled_walks(member))), default=0)
    return 2 * len(terms.background) if isinstance(terms, NeighbourTerms | KernelTerms | NetworkTerms) else 0
