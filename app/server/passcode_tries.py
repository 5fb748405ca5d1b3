"""How often a passcode may be tried: by one address, and by all together. Nobody is locked out by what others do."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

WINDOW_S, MOST_EACH, MOST_KNOWN = 60.0, 10, 4096
"""Wrong passcodes of one address in a minute, and how many addresses are remembered."""
FREE, PER_S, MOST_WAITING = 60, 2.0, 256
"""Tries of all addresses that are looked at at once; how many a second after that; how many may wait for it."""
LONGEST = 64


def address_of(host: str) -> str:
    """Who is counted as one: an IPv4 address, or the 64 bits of an IPv6 address that a provider gives to one customer.

    Any other name counts as it is, cut at `LONGEST`.
    """
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:LONGEST]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:  # a socket that listens to both kinds names IPv4 so
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def network_of(address: str) -> str:
    """Whose turn it is: the network an address is in, /24 for IPv4 and /48 for IPv6, as one person may hold all of
    it."""
    try:
        found = ipaddress.ip_network(address)
    except ValueError:
        return address
    return str(found.supernet(new_prefix=min(found.prefixlen, 24 if found.version == 4 else 48)))


class Tries:
    """Wrong passcodes of the last minute, by address; addresses without any are forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._each: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._each)

    def may(self, address: str) -> bool:
        """Whether that address may try once more; it counts as wrong until `right` says otherwise."""
        now = self._prune()
        own = self._each.get(address) or deque()
        while own and now - own[0] > WINDOW_S:
            own.popleft()
        if len(own) >= MOST_EACH:
            return False
        own.append(now)
        self._each[address] = own
        self._each.move_to_end(address)
        if len(self._each) > MOST_KNOWN:
            self._each.popitem(last=False)
        return True

    def wait_s(self, address: str) -> float:
        """After how many seconds that address may try again."""
        own = self._each.get(address, deque())
        return max(0.0, WINDOW_S - (self.clock() - own[0])) if len(own) >= MOST_EACH else 0.0

    def right(self, address: str) -> None:
        """The last try of that address was right: a class behind one address is not held up by its own number."""
        if own := self._each.get(address):
            own.pop()
            if not own:
                del self._each[address]

    def _prune(self) -> float:
        """Forget whoever has not tried for a minute: they stand in the order of their last try."""
        now = self.clock()
        while self._each and now - next(iter(self._each.values()))[-1] > WINDOW_S:
            self._each.popitem(last=False)
        return now


class Turns:
    """At most `PER_S` tries a second once `FREE` are used up. Networks take turns, so that whoever sends many tries
    waits for them alone; where too many wait, one of whoever has most in line is sent away. To be used in one event
    loop."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free, self._at = float(FREE), clock()
        self._lines: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    async def turn(self, network: str) -> bool:
        """Wait for a turn of that network; False for who is sent away."""
        self._earn()
        if self._free >= 1 and not self._lines:
            self._free -= 1
            return True
        mine = asyncio.get_running_loop().create_future()
        self._lines.setdefault(network, deque()).append(mine)
        if sum(map(len, self._lines.values())) > MOST_WAITING:
            self._send_away()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._serve())
        return await mine

    def right(self) -> None:
        """A try was right: it was no guess, and its turn is given back."""
        self._free = min(float(FREE), self._free + 1)

    def _earn(self) -> None:
        now = self._clock()
        self._free, self._at = min(float(FREE), self._free + PER_S * (now - self._at)), now

    def _send_away(self) -> None:
        longest = max(map(len, self._lines.values()))
        network = random.choice([one for one, line in self._lines.items() if len(line) == longest])
        gone = self._lines[network].pop()
        if not self._lines[network]:
            del self._lines[network]
        if not gone.done():
            gone.set_result(False)

    async def _serve(self) -> None:
        while self._lines:
            self._earn()
            if self._free < 1:
                await self._sleep((1 - self._free) / PER_S)
                continue
            network, line = self._lines.popitem(last=False)
            first = line.popleft()
            if line:
                self._lines[network] = line  # behind all others
            if not first.done():  # who has gone meanwhile takes no turn
                self._free -= 1
                first.set_result(True)
