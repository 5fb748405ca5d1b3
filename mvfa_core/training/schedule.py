"""The learning rate over the steps: constant, or one cycle over each stretch of a run that was extended."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from mvfa_core.training.recipes import Recipe


class Schedule:
    """Sets the optimiser's rate, and with one-cycle its momentum.

    A cycle ends where the run was to end when it was asked for; the next begins with the first step after that. So the
    steps before an extension are the same with and without it, and a checkpoint at its edge belongs to the cycle
    before.
    """

    def __init__(self, optimizer: Optimizer, recipe: Recipe) -> None:
        self.optimizer, self.recipe = optimizer, recipe
        self.edges = (0, *recipe.restarts, recipe.steps)
        self.cycle = self._begin(0) if recipe.schedule == "one-cycle" else None

    def before(self, step: int) -> None:
        """Called before the step of that index: begins a new cycle where one is due."""
        if self.cycle and step in self.recipe.restarts:
            self.cycle = self._begin(self.edges.index(step))

    def after(self, step: int) -> None:
        """Called after the optimiser has made the step of that index."""
        if self.cycle and step + 1 not in self.edges:
            self.cycle.step()

    def state(self) -> dict | None:
        """What `restore` needs."""
        return self.cycle.state_dict() if self.cycle else None

    def restore(self, state: dict | None) -> None:
        """Take up where `state` was made; it knows the length of its own cycle."""
        if self.cycle and state:
            self.cycle.load_state_dict(state)

    def _begin(self, stretch: int) -> OneCycleLR:
        length = self.edges[stretch + 1] - self.edges[stretch]
        return OneCycleLR(self.optimizer, max_lr=self.recipe.lr, total_steps=max(length, 2))
