"""Keeps out of a process of our own what its libraries import and it never uses: torch's compiler and exporter, what
trains on several machines, torchvision's own models, the optimisers of scipy, sympy: a third of the time to the first
verdict. What transformers reads through at every start is kept (see `scanned`). What is imported is not searched for
garbage.

The command line does this, and the processes that it or `judge.batch` starts to judge in (`judge.serving.child`). Who
imports `judge` gets all of torch.
"""

from __future__ import annotations

import atexit
import gc
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from judge.scanned import FUNCTION, MODULE, keeping

_coming = threading.RLock()


def _as_it_is(function: Any = None, *_: Any, **__: Any) -> Any:
    """A decorator for the compiler: what it decorates stays as it is."""
    return function if function is not None else _as_it_is


def _never(*_: Any, **__: Any) -> Any:
    raise RuntimeError("this is not loaded in a process that only judges")


def _of_numbers(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    """What torch asks of sizes, which may be symbols to it: of numbers the answer is plain, and takes no sympy."""

    def asked(*values: Any, **more: Any) -> Any:
        if more or not _are_numbers(values):
            return getattr(_real(_SYMBOLS), name)(*values, **more)
        return answer(*values)

    return asked


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(_are_numbers(one) if isinstance(one, tuple | list) else type(one) in (bool, int) for one in values)


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) if isinstance(one, int) else list(one) == list(other)


_SYMBOLS = "torch.fx.experimental.symbolic_shapes"
_ALREADY_SAID = ("expect_true", "guard_or_false", "guard_or_true", "guard_size_oblivious", "statically_known_true")
_ANSWERS: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys((*_ALREADY_SAID, "guarding_hint_or_throw"), lambda value, *_: value),
    "has_guarding_hint": lambda _: True,
    "is_nested_int": lambda _: False,
    "sym_and": lambda *conditions: all(conditions),
    "sym_or": lambda *conditions: any(conditions),
    "sym_eq": _equal,
}

# What others take from a module while they are imported. Anything else that is asked of it loads it after all.
PUT_OFF: Mapping[str, Mapping[str, Any]] = {
    "torch._dynamo": {"assume_constant_result": _as_it_is, "allow_in_graph": _as_it_is, "disable": _as_it_is},
    "torch._dynamo.utils": {"is_compile_supported": lambda _: False},
    "torch.export": {},
    _SYMBOLS: {name: _of_numbers(name, answer) for name, answer in _ANSWERS.items()},
    "torchvision.datasets": {},
    "torchvision.models": {},
    "torchvision.ops._register_onnx_ops": {"_register_custom_op": lambda: None},
    "sympy": {"Basic": type("NoSymbol", (), {})},
    "scipy.optimize": {"linear_sum_assignment": _never},
}

# Imports make 300,000 objects and no garbage, and Python goes through them again and again, after 700 at first.
TIDY_AFTER = 10_000


def start_lean() -> None:
    """From now on the modules of `PUT_OFF` are not loaded when they are imported, but when they are used, and garbage
    in circles is looked for less often."""
    gc.set_threshold(TIDY_AFTER, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)  # the process ends, and its memory goes back as it is: none of it need be sifted
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in (*PUT_OFF, *_THEN):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Changed(spec.loader, _THEN[fullname]) if fullname in _THEN else _Later()
        return spec


class _Later(Loader):
    """Makes a module that is loaded when something is asked of it that `PUT_OFF` does not name."""

    def create_module(self, spec: ModuleSpec) -> None:
        """As modules are made by default."""

    def exec_module(self, module: ModuleType) -> None:
        def asked(name: str) -> Any:
            if name.startswith("__"):  # asked of every module by those who look through all there are
                raise AttributeError(name)
            return getattr(_real(module.__name__), name)

        module.__dict__.update(PUT_OFF[module.__name__], __getattr__=asked)


def _real(name: str) -> ModuleType:
    """The module itself. From the first that is wanted on nothing is put off: they import each other."""
    with _coming:
        sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _Finder)]
        for put_off in PUT_OFF:
            if put_off in sys.modules and isinstance(getattr(sys.modules[put_off].__spec__, "loader", None), _Later):
                del sys.modules[put_off]
        real = import_module(name)
        for known, module in list(sys.modules.items()):  # parts that were imported before the whole
            if known.rpartition(".")[0] == name:
                real.__dict__.setdefault(known.rpartition(".")[2], module)
        return real


class _Changed(Loader):
    """Loads a module, and then changes something in it."""

    def __init__(self, own: Loader, then: Callable[[ModuleType], None]) -> None:
        self._own, self._then = own, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As its own loader makes it."""
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._own.exec_module(module)
        self._then(module)


def _says_it_is_not_there(module: ModuleType) -> None:
    """Of `torch.distributed`: its own answer to whether it is there, which the others go by."""
    module.__dict__["is_available"] = lambda: False


def _keeps_its_scan(module: ModuleType) -> None:
    scan = module.__dict__.get(FUNCTION)
    if scan is not None:
        module.__dict__[FUNCTION] = keeping(scan)


def _writes_no_stubs(module: ModuleType) -> None:
    """Of Gradio, which at each start parses its own source and writes stubs for editors beside it."""
    module.__dict__["create_or_modify_pyi"] = lambda *_: None


_THEN = {
    "torch.distributed": _says_it_is_not_there,
    MODULE: _keeps_its_scan,
    "gradio.component_meta": _writes_no_stubs,
}
