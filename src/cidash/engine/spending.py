"""What cidash itself spends of one host's rate limit, so that it keeps to its share."""

from dataclasses import replace
from datetime import datetime

from cidash.domain.snapshot import Budget
from cidash.engine.cadence import budget_interval

_MEMORY = 0.2
_BITES = 1.25
"""A wait longer by less than this is not worth a word in the header."""


class Spending:
    """Follows one host's budget over the reset windows and over the cost of a round."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._window: datetime | None = None
        self._charged_before = 0
        self._charged_last = 0
        self._cost = 0.0
        self._is_first = True

    def note_round(self, budget: Budget) -> None:
        """Learns what the round that just ended was charged."""
        self._follow_window(budget)
        charged = max(0, budget.charged - self._charged_last)
        self._charged_last = budget.charged
        if self._is_first:
            self._is_first = False  # it asks for everything once; what comes after is the rule
            return
        self._cost += _MEMORY * (charged - self._cost)

    def begin_anew(self, budget: Budget) -> None:
        """Counts from here on: the reset time has passed, though no answer has told the new one yet."""
        self._charged_before = budget.charged

    def note_collected(self, requests: int) -> None:
        """Takes requests that filled the history out of the cost of a round: they come once, not every round."""
        self._charged_last += requests

    def interval(self, budget: Budget, now: datetime) -> float:
        """Returns the shortest interval in seconds that the share of the limit bears, 0 when it asks for nothing."""
        self._follow_window(budget)
        return budget_interval(budget, self._share, budget.charged - self._charged_before, self._cost, now)

    def spare(self, budget: Budget) -> int:
        """Returns how many requests may go into filling the history now: half of what is left of the share."""
        self._follow_window(budget)
        if budget.limit is None or budget.remaining is None:
            return 0
        left = min(budget.limit * self._share - (budget.charged - self._charged_before), budget.remaining)
        return max(0, int(left / 2))

    def shown(self, budget: Budget, wanted_seconds: float, now: datetime) -> Budget:
        """Returns the budget as the header shows it: with the interval in force when the budget made it longer."""
        seconds = self.interval(budget, now)
        bites = seconds > wanted_seconds * _BITES
        return replace(budget, slowed_to_seconds=seconds if bites else None)

    def _follow_window(self, budget: Budget) -> None:
        if budget.reset_at is not None and (self._window is None or budget.reset_at > self._window):
            # Answers of one window can name reset times a second apart; a new window is minutes away.
            if self._window is None or (budget.reset_at - self._window).total_seconds() > 60:
                self._charged_before = budget.charged if self._window is not None else 0
            self._window = budget.reset_at
