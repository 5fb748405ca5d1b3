"""One training on several processes and machines: each takes its part of every batch, and what they find is averaged,
so that together they do what one process would. They meet as torchrun's environment tells them to; alone, nothing here
does anything.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mvfa_core.backbones import TIMM
from mvfa_core.checks import NotFiniteError, expect
from mvfa_core.data.sets import DataSet
from mvfa_core.devices import begin_on, find_device
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.shared_norm import share_statistics

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
            ValueError: one named by its number, of another kind than CPU or CUDA, or more than one but fewer than there
        are processes.
        """
        if self.size == 1 or found.type == "cpu":
            return found
        fits = found.type == "cuda" and found.index is None
        expect(fits, "device", "cpu or cuda, for several processes", repr(str(found)))
        count = torch.cuda.device_count()
        # a scheduler (SLURM, say) may show each process its own GPU alone; `join` sees to it that they differ
        fits = count == 1 or self.local < count
        expect(fits, "devices", f"at most the {count} GPUs of this machine", self.local + 1)
        return torch.device("cuda", self.local if count > 1 else 0)

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
        # networks from elsewhere may hold parameters that their last map does not need
        return DistributedDataParallel(network, find_unused_parameters=recipe.backbone.startswith(TIMM))

    def from_first(self, state: Callable[[], Mapping[str, Any]], device: torch.device) -> dict[str, Any] | None:
        """The first process's state of the training, which alone has read the checkpoint, on this process's device;
        None in the first process, which has it."""
        if self.size == 1:
            return None
        file = io.BytesIO()
        torch.save(state(), file)
        box = [file.getvalue() if self.first else b""]
        dist.broadcast_object_list(box, src=0, device=CPU)
        return None if self.first else torch.load(io.BytesIO(box[0]), map_location=device, weights_only=True)

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
    device = begin_on(place.device(find_device(recipe.device)))
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=TIMEOUT_S))
    if device.type == "cuda":
        found: list[tuple[str, str]] = [("", "")] * place.size
        mine = (platform.node(), str(torch.cuda.get_device_properties(device).uuid))
        group = dist.new_group(backend="gloo")
        assert isinstance(group, dist.ProcessGroup)  # everybody is in it
        dist.all_gather_object(found, mine, group=group)
        expect_own_devices(found)
    return place


def expect_own_devices(found: Sequence[tuple[str, str]]) -> None:
    """Refuse processes that share a GPU, which NCCL cannot. `found` has every process's machine and GPU.

    Raises:
        ValueError: two of them are the same.
    """
    shared = len(found) - len(set(found))
    expect(shared == 0, "devices", f"a GPU for each of the {len(found)} processes", f"{len(set(found))} GPUs for all")


def lost_another(error: BaseException) -> bool:
    """Whether an error says that another process is gone, not what was wrong with it."""
    words = str(error).casefold()
    if not isinstance(error, RuntimeError):
        return False
    if "nccl" in words and any(sign in words for sign in _NCCL_HERE):
        return False
    return isinstance(error, dist.DistError) or any(sign in words for sign in _GONE)


_GONE = ("gloo", "nccl", "connection closed by peer", "connection reset by peer")
_NCCL_HERE = ("unhandled", "ncclsystem", "ncclinternal", "ncclinvalid", "internal error", "invalid", "duplicate gpu")
"""What NCCL says where a GPU of this process, its driver or the request is at fault."""
