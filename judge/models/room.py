"""How much memory is free for the weights of models: a GPU's, or this computer's within what its control groups leave.

Knows no model. Elsewhere than on Linux and on CUDA nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_MEMINFO, _OWN_GROUPS, _GROUPS = Path("/proc/meminfo"), Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_V2 = ("memory.max", "memory.current", "inactive_file")  # the limit, what is used, and what of that can be given back
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def free_on(device: str) -> int | None:
    """Bytes that are free where `device` keeps its weights (`cuda`: on all GPUs together); None where nobody knows."""
    if not device.startswith("cuda"):
        return min((one for one in (_available(), *_left_by_groups()) if one is not None), default=None)
    import torch

    cards = [torch.device(device)] if ":" in device else [torch.device("cuda", at) for at in range(_cards())]
    return sum(torch.cuda.mem_get_info(card)[0] for card in cards)


def _cards() -> int:
    import torch

    return torch.cuda.device_count()


def _available() -> int | None:
    """What the kernel says can be had without swapping."""
    return _number_in(_MEMINFO, "MemAvailable:", 1024)


def _left_by_groups() -> Iterator[int]:
    """What each control group of this process leaves, up to the root: a container has a share of a large machine's."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds and "memory" not in kinds.split(","):
            continue
        root, names = (_GROUPS / "memory", _V1) if kinds else (_GROUPS, _V2)
        at = PurePosixPath(path)
        for group in (at, *at.parents):
            if (left := _left_by(root / str(group).lstrip("/"), names)) is not None:
                yield left


def _left_by(group: Path, names: tuple[str, str, str]) -> int | None:
    limit, used, given_back = names
    try:
        most = int((group / limit).read_text(encoding="ascii"))
        held = int((group / used).read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such group here, or `max`
        return None
    return max(0, most - held + (_number_in(group / "memory.stat", given_back, 1) or 0))


def _number_in(path: Path, name: str, unit: int) -> int | None:
    """The number behind a name in a file of lines such as `MemAvailable:  1024 kB`."""
    try:
        found = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
        return next((int(words[1]) * unit for words in found if words[:1] == [name]), None)
    except (OSError, ValueError, IndexError):
        return None
