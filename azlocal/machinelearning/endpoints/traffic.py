"""Which deployment a request goes to: smooth weighted round-robin, so that shares hold over any short run.

The algorithm is nginx's: each choice adds every weight to its deployment's balance, takes the highest balance and
subtracts the sum of the weights from it. After any ``n`` choices each deployment has had its share of ``n`` to
within one request per other deployment, without any randomness.
"""

from __future__ import annotations

from collections.abc import Mapping


class Traffic:
    """Chooses by weights; deployments with weight 0 are never chosen."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self.asked = dict(weights)
        self._weights = {name: weight for name, weight in weights.items() if weight > 0}
        self._balance = dict.fromkeys(self._weights, 0)
        self._total = sum(self._weights.values())

    @property
    def weights(self) -> Mapping[str, int]:
        """The weights above 0."""
        return self._weights

    def choose(self) -> str | None:
        """The deployment of the next request, or None where none has traffic."""
        if len(self._weights) < 2:
            return next(iter(self._weights), None)
        for name, weight in self._weights.items():
            self._balance[name] += weight
        chosen = max(self._balance, key=self._balance.__getitem__)
        self._balance[chosen] -= self._total
        return chosen


class Mirror:
    """Chooses the requests that are copied to a deployment whose answer nobody gets: ``percent`` of all."""

    def __init__(self, shares: Mapping[str, int]) -> None:
        self._shares = [(name, percent) for name, percent in shares.items() if percent > 0]
        self._balance = dict.fromkeys((name for name, _ in self._shares), 0)

    def choose(self) -> list[str]:
        """The deployments that get a copy of the next request."""
        chosen = []
        for name, percent in self._shares:
            self._balance[name] += percent
            if self._balance[name] >= 100:
                self._balance[name] -= 100
                chosen.append(name)
        return chosen
