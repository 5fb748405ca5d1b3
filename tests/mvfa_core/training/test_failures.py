"""A machine that runs out of something: the run says so, keeps what it has, and goes on once there is room again."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from mvfa_core import load_model
from mvfa_core.checkpoints import read_card
from mvfa_core.training.engine import Event, Ticked
from mvfa_core.training.failures import LOST, TrainingError, sentence_for
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.samples import TINY, assert_same_training
from tests.pictures import split_folder

ROOM = 24 * 2**20
CHILD = """
import sys, resource, signal
from mvfa_core.training.failures import TrainingError
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    resume(Run(sys.argv[1]))
except TrainingError as error:
    sys.exit(f"told: {error}")
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder))


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run = Run(tmp_path_factory.mktemp("runs") / "whole")
    train(recipe, run)
    torch.set_num_threads(threads)
    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB that nobody else uses."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, left: int) -> Path:
    """A file that leaves so many bytes of the file system."""
    ballast = place / "ballast"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    ballast.write_bytes(bytes(free - left))
    return ballast


@pytest.mark.parametrize("left", [0, 2**13, 2**20])
def test_a_full_disk(left: int, recipe: Recipe, whole: Run, small_disk: Path) -> None:
    """Nothing left, too little for a checkpoint, too little for its second part: what was saved is still there, and
    with room again the run goes on to the same end."""
    run = Run(small_disk / "run")

    def fill_up(event: Event) -> None:
        if isinstance(event, Ticked) and event.step == 7:
            fill(small_disk, left)

    with pytest.raises(TrainingError, match="the disk is full"):
        train(recipe, run, listen=fill_up)
    status = run.status()
    assert status.state == "failed"
    assert "Free some space, then resume" in status.message
    assert read_card(run.path)["step"] == 5
    assert load_model(run.path) and not list(run.path.glob("*.part"))
    (small_disk / "ballast").unlink()
    resume(run)
    assert run.status().state == "finished"
    assert_same_training(run, whole)


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX's")
def test_a_file_that_may_not_grow(recipe: Recipe, tmp_path: Path) -> None:
    """The same where nothing can be mounted: a process whose files are cut off at 100 kB."""
    run = Run(tmp_path / "run")
    run.create(recipe)
    done = subprocess.run([sys.executable, "-c", CHILD, str(run.path), "100000"], capture_output=True, text=True)
    assert done.stderr.strip() == f"told: {run.status().message}"
    assert (run.status().state, run.model_path()) == ("failed", None)
    assert "the disk is full" in run.status().message
    assert not list(run.path.glob("*.part"))
    assert all(json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines())


def test_out_of_memory(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    """What torch raises on a GPU, raised at step 8; then a real refusal of the CPU's allocator."""
    run = Run(tmp_path / "run")

    def grow(event: Event) -> None:
        if isinstance(event, Ticked) and event.step == 8:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nSecond line")

    with pytest.raises(TrainingError, match="smaller batch than 4"):
        train(recipe, run, listen=grow)
    assert (run.status().state, read_card(run.path)["step"]) == ("failed", 5)
    assert run.status().message.startswith("out of memory; what was saved before is kept")
    resume(run)
    assert_same_training(run, whole)
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**55)
    assert "out of memory" in (sentence_for(refused.value, 1) or "")


OUT_OF_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be reported later", 2),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
    dist.DistBackendError("NCCL error: unhandled cuda error. Last error:\nCuda failure 2 'out of memory'"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
)
OF_A_GPU = {
    "CUDA error: an illegal memory access was encountered\nmore": "the GPU could not go on (CUDA error: an illegal",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED": "the GPU could not go on (cuDNN error",
    "CUDA error: no kernel image is available for execution on the device": "this PyTorch does not fit the GPU",
    "CUDA error: CUDA driver version is insufficient for CUDA runtime version": "this PyTorch does not fit the GPU",
    "NCCL error in: x.cpp:1, unhandled system error": "the GPUs could not talk to each other (NCCL error in: x.cpp:1",
    "NCCL error: ncclRemoteError: A call failed possibly due to a network error": LOST,
    "[Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1)": LOST,
    "[x/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1": LOST,
}


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=str)
def test_want_of_memory_has_one_sentence(error: BaseException) -> None:
    assert (sentence_for(error, 8) or "").startswith("out of memory; what was saved before is kept")


@pytest.mark.parametrize(("words", "sentence"), OF_A_GPU.items())
def test_what_a_gpu_says_is_told(words: str, sentence: str) -> None:
    said = sentence_for(RuntimeError(words), 8) or ""
    assert said.startswith(sentence) and "\n" not in said


@pytest.mark.parametrize("error", [ValueError("k"), OSError(errno.ENOENT, "no such file"), RuntimeError("shape")])
def test_other_errors_speak_for_themselves(error: Exception) -> None:
    assert sentence_for(error, 8) is None
