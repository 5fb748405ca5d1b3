"""Work in a process of its own, which outlives whoever started it and is found again by a note in its folder."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from mvfa_core.files import read_json

NICE = 5
"""How much further back such a process stands than whoever started it: enough that a page asked for meanwhile is drawn
first, and nothing lost where nobody asks."""
GROUP_NICE = 5
"""The same for its session as a whole: where Linux shares the processor between sessions first (autogroup), niceness
counts only inside one, and a process in a session of its own would give way to nobody."""


SHARED = "MVFA_SHARED"
"""The variable of a server that many use: what it starts takes the processor only where nobody else wants it."""
LAST = 19
"""The niceness that stands furthest back."""
ENDING_S = 5.0
"""How long it may take until a process that was killed is gone."""
SERVERS = ("MVFA_PASSCODE", "STREAMLIT_", "FORWARDED_ALLOW_IPS")
"""How variables begin that are a server's business and no other process's: among them are its secrets."""


def is_shared(variables: Mapping[str, str]) -> bool:
    """Whether an environment is that of a server that many use, or of what it started."""
    return variables.get(SHARED, "").strip().lower() not in ("", "0", "false", "no", "off")


def environment() -> dict[str, str]:
    """The environment of a process that is started here: this one's without what is a server's."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(SERVERS)}
    # threads that wait by spinning would take the processor from the server, or from other work
    return {"OMP_WAIT_POLICY": "PASSIVE", **kept}


def start_apart(words: Sequence[str], log: Path, besides: Mapping[str, str] | None = None) -> int:
    """Start `python -m mvfa_core` with those words, in a session of its own; what it prints is added to the log.
    Returns its pid at once. `besides` are variables of its environment beside ours."""
    variables = {**environment(), **(besides or {})}
    command = [sys.executable, "-m", "mvfa_core", *words]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=variables, start_new_session=True
        )
    stand_back(process.pid)
    return process.pid


def stand_back(pid: int) -> None:
    """Give way to others. From here, not between fork and exec, which a server with threads may not survive; threads
    that the process starts later inherit it."""
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if os.name == "nt":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        last = is_shared(os.environ)
        process.nice(LAST if last else min(process.nice() + NICE, LAST))
        if last and hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        Path(f"/proc/{pid}/autogroup").write_text(f"{LAST if last else GROUP_NICE}\n")


def hand_back_memory() -> None:
    """Give what was freed back to the system, where the C library can: it keeps blocks of up to 32 MB, and where small
    ones that stay lie between them, a long loop takes more and more."""
    if library := glibc():
        library.malloc_trim(0)


def glibc() -> ctypes.CDLL | None:
    """The C library if it is glibc, else None."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        if library.malloc_trim and library.mallopt:
            return library
    return None


def note_of(process: psutil.Process) -> dict:
    """What tells a process from any other that may get its pid later."""
    return {"pid": process.pid, "created": process.create_time(), "since_boot": _since_boot(process.pid)}


def noted(file: Path) -> psutil.Process | None:
    """The process of the note in a file, as long as it exists."""
    try:
        note = read_json(file)
        process = psutil.Process(note["pid"])
        return process if _is_it(process, note) and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error, OverflowError):
        return None


def _is_it(process: psutil.Process, note: dict) -> bool:
    """The pid alone could be a stranger's. The time of day at which a process began moves when the clock is set, so
    what counts from the start of the machine goes first, where both know it."""
    since_boot = _since_boot(process.pid)
    if since_boot and note.get("since_boot"):
        return bool(note["since_boot"] == since_boot)
    return bool(abs(process.create_time() - note["created"]) < 1)


def _since_boot(pid: int) -> str | None:
    """When the process began, in ticks since the machine did, and which start of the machine that was; None where the
    system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # the name of the program, in brackets, may hold blanks and brackets
        return f"{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]} {boot}"
    except (OSError, IndexError):
        return None


def use_threads(count: int) -> None:
    """How many threads a product of matrices may use in this process. To be called before the first one."""
    import torch

    torch.set_num_threads(count)


def leave_a_core() -> int:
    """One thread fewer for a product of matrices, at least one, so that whatever else this process does has a core of
    its own; how many there are now. To be called before the first one."""
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    return torch.get_num_threads()


def memory_of(process: psutil.Process) -> int:
    """Resident bytes of a process and of all that it started; 0 once it is gone."""
    with suppress(psutil.Error):
        return sum(_resident(one) for one in (process, *process.children(recursive=True)))
    return 0


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def end_with_all(process: psutil.Process) -> None:
    """End a process and all that it started, at once: what takes too much memory gets no time to save anything."""
    with suppress(psutil.Error):
        every = [*process.children(recursive=True), process]
        for one in every:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(every, timeout=ENDING_S)
