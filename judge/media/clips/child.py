"""The process that decodes one clip, or single frames of it, bounded by the system before it reads a byte of it.

The file is its standard input, the limits (and the times of single frames) are its argument, and what it found goes to
its standard output: the length of a JSON object in 8 bytes, the object, and frames as JPEG, one behind the other.
Whoever started it does not believe it any more than the file.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from typing import BinaryIO

OUT_OF_MEMORY = "decoding it takes more memory than it may"


def main() -> None:
    """Decode what is on standard input."""
    limits = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes nowhere
    try:
        import av  # noqa: F401  (before the limits: what is installed is trusted)
        import numpy  # noqa: F401
        from PIL import JpegImagePlugin  # noqa: F401

        from judge.media.clips.decoding import NoFilm, look_through
        from judge.media.clips.jumping import frames_at
    except ImportError as error:
        _tell(out, {"missing": str(error.name or error)})
        return
    _bound(limits["memory_bytes"], limits["seconds"])
    try:
        with os.fdopen(0, "rb", buffering=2**16) as file:
            if "times" in limits:
                frames = frames_at(file, limits["pixels"], limits["seconds"], limits["times"])
                _tell(out, {"frames": [len(one) for one in frames]}, *frames)
                return
            looked = look_through(file, limits["pixels"], limits["seconds"])
    except NoFilm as error:
        _tell(out, {"no_film": str(error)})
    except MemoryError:
        _tell(out, {"no_film": OUT_OF_MEMORY, "memory": True})
    else:
        told = asdict(replace(looked, held=[]))
        told["held"] = [[*one[:-1], len(one[-1])] for one in looked.held]
        _tell(out, told, *(one[-1] for one in looked.held))


def _bound(memory: int, seconds: float) -> None:
    """Have the system end this process where it takes more than it may."""
    try:
        import resource
    except ImportError:  # not on Windows: the clock of whoever started it remains
        return
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: int(seconds * 3) + 10,  # of all its threads
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 32,
    }
    for kind, value in wanted.items():
        _, most = resource.getrlimit(kind)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (value, value))


def _tell(out: BinaryIO, told: dict[str, object], *pieces: bytes) -> None:
    text = json.dumps(told).encode()
    for piece in (len(text).to_bytes(8, "big"), text, *pieces):
        out.write(piece)
    out.flush()


if __name__ == "__main__":
    main()
