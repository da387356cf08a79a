"""The checks, one a file, found by being here. Each is a function of a `Subject`, and knows no other check."""

from importlib import import_module
from pkgutil import iter_modules

from judge.lint.findings import Check

_FOUND = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
CHECKS = tuple(one for module in _FOUND for one in vars(module).values() if isinstance(one, Check))

__all__ = ["CHECKS"]
