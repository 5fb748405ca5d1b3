"""One training on several processes and machines: each takes its part of every batch, and what they find is averaged,
so that together they do what one process would. They meet as torchrun's environment tells them to; alone, nothing here
does anything.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mvfa_core.backbones import TIMM
from mvfa_core.checks import NotFiniteError, expect
from mvfa_core.data.sets import DataSet
from mvfa_core.model import MFA
from mvfa_core.training.device import find_device
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.shared_norm import share_statistics

if TYPE_CHECKING:
    from mvfa_core.training.engine import Trainer

TIMEOUT_S = 600
"""How long a process waits for the others before it gives up: longer than any step, validation or checkpoint."""
PREPARING_S = 86_400
"""The same while pictures are decoded, which every machine does for itself."""
CPU = torch.device("cpu")


@dataclass(frozen=True)
class World:
    """The processes that share a training, seen from one of them.

    Attributes:
        rank: which one this is, 0 to size - 1; the first one alone writes, logs and listens.
        size: how many there are.
        local: which one this is on its machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        return self.rank == 0

    def part(self, n: int) -> slice:
        """Which of n items in a row are this process's: neighbours, and as many as any other's or one more."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def device(self, found: torch.device) -> torch.device:
        """This process's own device of the kind that was found.

        Raises:
            ValueError: one named by its number, of another kind than CPU or CUDA, or fewer than there are processes.
        """
        if self.size == 1 or found.type == "cpu":
            return found
        fits = found.type == "cuda" and found.index is None
        expect(fits, "device", "cpu or cuda, for several processes", repr(str(found)))
        count = torch.cuda.device_count()
        expect(self.local < count, "devices", f"at most the {count} GPUs of this machine", self.local + 1)
        return torch.device("cuda", self.local)

    def mean(self, tensor: torch.Tensor) -> torch.Tensor:
        """The mean of the processes' tensors, the same in each of them."""
        if self.size > 1:
            tensor = tensor.clone()
            dist.all_reduce(tensor)
            tensor /= self.size
        return tensor

    def total(self, number: int) -> int:
        """The sum of the processes' whole numbers."""
        if self.size == 1:
            return number
        sum_ = torch.tensor(number)
        dist.all_reduce(sum_)
        return int(sum_)

    def agree(self, stop: bool) -> bool:
        """What the first process says, to all of them; they ask at the same points."""
        if self.size == 1:
            return stop
        said = torch.tensor(int(stop))
        dist.broadcast(said, src=0)
        return bool(said)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Where one process meets NaN, all raise `NotFiniteError`: the others must not wait for it in vain."""
        found: NotFiniteError | None = None
        try:
            yield
        except NotFiniteError as error:
            found = error
        if self.total(int(found is not None)):
            raise found or NotFiniteError("numbers: expected finite ones, another process got others")

    def share(self, network: nn.Module, recipe: Recipe, device: torch.device) -> nn.Module:
        """The network whose gradients, and whose batch statistics in training, are those of all processes; it has the
        same parameters, changed in place."""
        if self.size == 1:
            return network
        share_statistics(network, device)
        for module in network.modules():
            # what the loss leaves out has no gradient to wait for
            if isinstance(module, MFA) and recipe.global_loss == "off":
                module.auxiliary.requires_grad_(False)
        # networks from elsewhere may hold parameters that their last map does not need
        return DistributedDataParallel(network, find_unused_parameters=recipe.backbone.startswith(TIMM))

    def hand_over(self, trainer: Trainer) -> None:
        """Take every process's trainer to where the first one's is: it alone has read the checkpoint."""
        if self.size == 1:
            return
        file = io.BytesIO()
        torch.save(trainer.state(), file)
        box = [file.getvalue() if self.first else b""]
        dist.broadcast_object_list(box, src=0, device=CPU)
        if not self.first:
            state = torch.load(io.BytesIO(box[0]), map_location=trainer.device, weights_only=True)
            trainer.restore(state)

    def expect_one_data_set(self, data: DataSet, batch: int) -> None:
        """Wait until all processes have their pictures.

        Raises:
            ValueError: not the same ones everywhere, or too few to fill a batch that can be shared.
        """
        if self.size == 1:
            return
        names = repr((data.classes, data.train.names, data.val.names)).encode()
        found: list[str] = [""] * self.size
        group = dist.new_group(backend="gloo", timeout=timedelta(seconds=PREPARING_S))
        assert isinstance(group, dist.ProcessGroup)  # everybody is in it
        dist.all_gather_object(found, hashlib.sha256(names).hexdigest(), group=group)
        expect(len(set(found)) == 1, "data", "the same pictures on every machine", "others on some")
        full = min(batch, len(data.train))
        expect(full % self.size == 0, "pictures of a batch", f"a multiple of {self.size}, the processes", full)

    def leave(self) -> None:
        """Say goodbye, once a process has nothing more to do. After an error nobody may be left to say it to."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


ALONE = World()


def world() -> World:
    """This process among others, from the environment that torchrun sets; alone where it sets none."""
    rank, size, local = (int(os.environ.get(name, given)) for name, given in _ENVIRONMENT.items())
    return World(rank, size, local) if size > 1 else ALONE


_ENVIRONMENT = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}


def placed(recipe: Recipe, devices: int | None = None, nodes: int | None = None) -> Recipe:
    """The recipe with the devices and nodes that are asked for, or with those that torchrun has started.

    Raises:
        ValueError: they differ, or cannot share the recipe's batches.
    """
    place = world()
    if place.size == 1:
        return replace(recipe, devices=devices or recipe.devices, nodes=nodes or recipe.nodes)
    here = int(os.environ.get("LOCAL_WORLD_SIZE", place.size))
    there = place.size // here
    expect(devices in (None, here), "devices", f"{here}, which torchrun has started", devices)
    expect(nodes in (None, there), "nodes", f"{there}, which torchrun has started", nodes)
    return replace(recipe, devices=here, nodes=there)


def join(recipe: Recipe) -> World:
    """Meet the other processes that carry out a recipe; they stay together until they leave.

    Raises:
        ValueError: there are not as many as the recipe asks for, or not as many GPUs.
    """
    place = world()
    asked = recipe.devices * recipe.nodes
    expect(place.size == asked, "processes", f"{asked}, as devices and nodes of the recipe say", place.size)
    if place.size == 1 or dist.is_initialized():
        return place
    device = place.device(find_device(recipe.device))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=TIMEOUT_S))
    return place


def lost_another(error: BaseException) -> bool:
    """Whether an error says that another process is gone, not what was wrong with it."""
    words = str(error)
    broken = any(sign in words for sign in ("gloo", "NCCL", "Connection closed by peer", "Connection reset by peer"))
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and broken)
