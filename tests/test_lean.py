"""What the command line leaves out of its libraries, and that it comes when it is wanted after all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "torch._dynamo.symbolic_convert",
    "torch._inductor",
    "torch.distributed.tensor",
    "scipy.optimize._linprog",
    "torch.export.unflatten",
    "torchvision.models.resnet",
    "scipy.stats",
    "bitsandbytes",
    "datasets",
    "gradio",
    "matplotlib",
    "outlines",
    "pandas",
    "sklearn",
    "sympy.core",
    "torch.onnx",
)


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    ).stdout  # fmt: skip


def test_check_imports_nothing_heavy_that_it_does_not_use_and_does_not_sift_what_it_imports(tmp_path):
    """The collector has been through all that there is a few times, where Python does it as often as it likes, and once
    more when it ends: a fifth of the processor's time each."""
    rule = tmp_path / "one-rule.yaml"
    rule.write_text(
        "constitution: one-rule\nversion: 1.0.0\nrules:\n"
        "  - {id: no-people, rule: No people may be shown., preconditions: [people are visible]}\n"
    )
    said = python(
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('sifted', gc.get_stats()[2]['collections'], gc.get_freeze_count() > 100_000))\n"
        f"atexit.register(lambda: print('loaded', [name for name in {HEAVY} if name in sys.modules]))\n"
        "from judge.cli.main import main\n"
        f"sys.argv = ['judge', 'check', '-c', {str(rule)!r}, 'examples/images/bathing-person-borderline.png']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print('ended', end.code)"
    )
    assert "ended 1" in said or "ended 0" in said
    assert "loaded []" in said
    assert "sifted 0 True" in said


def test_what_is_put_off_is_all_there_when_it_is_used():
    said = python(
        "from judge.lean import start_lean\n"
        "start_lean(), start_lean()\n"
        "import sys, torch, scipy.optimize\n"
        "assert 'scipy.optimize._linprog' not in sys.modules\n"
        "print(torch.compile(lambda x: x + 1, backend='eager')(torch.zeros(1)).item())\n"
        "print(scipy.optimize.linprog([1], bounds=[(2, 3)]).fun)\n"
        "print(scipy.optimize.linear_sum_assignment([[1, 2], [2, 1]])[1].tolist())\n"
        "import scipy.stats, torchvision\n"
        "print(torchvision.models.resnet18().fc.out_features, torch.export.Dim('n').__name__)\n"
        "print(round(scipy.stats.binomtest(1, 4).pvalue, 3))\n"
        "import sympy\n"
        "print(sympy.simplify('x + x'))"
    )
    assert said.splitlines() == ["1.0", "2.0", "[0, 1]", "1000 n", "0.625", "2*x"]


def test_sizes_that_are_symbols_are_asked_as_ever():
    """Of numbers torch's questions have the plain answers that it would give itself, and nothing is loaded for them."""
    said = python(
        "from judge.lean import start_lean\n"
        "start_lean()\n"
        "import sys, torch\n"
        "from torch.fx.experimental import symbolic_shapes as put_off\n"
        "asked = [\n"
        "    ('expect_true', True), ('expect_true', False, 1), ('guard_or_false', True), ('guard_or_true', False),\n"
        "    ('guard_size_oblivious', True), ('statically_known_true', False), ('guarding_hint_or_throw', 7),\n"
        "    ('has_guarding_hint', 7), ('is_nested_int', 7), ('sym_and', True, False), ('sym_or', True, False),\n"
        "    ('sym_and', True), ('sym_eq', (1, 2), [1, 2]), ('sym_eq', torch.Size([1]), (2,)), ('sym_eq', 3, 3),\n"
        "]\n"
        "plain = [getattr(put_off, name)(*values) for name, *values in asked]\n"
        "print('sympy.core' in sys.modules)\n"
        "print(torch.compile(lambda x: x.reshape(-1, 2) + 1, backend='eager', dynamic=True)(torch.zeros(4)).shape)\n"
        "real = sys.modules['torch.fx.experimental.symbolic_shapes']\n"
        "print(real is not put_off, plain == [getattr(real, name)(*values) for name, *values in asked])"
    )
    assert said.splitlines() == ["False", "torch.Size([2, 2])", "True True"]


def test_a_process_that_is_started_to_judge_leaves_it_out_too():
    said = python(
        "from judge.serving.child import settle\n"
        "settle(1)\n"
        "import sys, scipy.optimize\n"
        "print('scipy.optimize._linprog' in sys.modules)"
    )
    assert said == "False\n"


def test_importing_the_package_leaves_the_import_system_of_a_program_alone():
    assert (
        python("import sys\nbefore = list(sys.meta_path)\nimport judge.assemble\nprint(sys.meta_path == before)")
        == "True\n"
    )


def test_gradio_does_not_read_its_own_source_to_write_stubs_for_editors():
    said = python(
        "import ast\n"
        "read, parse = [], ast.parse\n"
        "ast.parse = lambda *given, **more: (read.append(given[0]), parse(*given, **more))[1]\n"
        "from judge.lean import start_lean\n"
        "start_lean()\n"
        "import gradio\n"
        "print(sum('class ' in str(one) for one in read), gradio.Textbox().value)"
    )
    assert said == "0 None\n"
