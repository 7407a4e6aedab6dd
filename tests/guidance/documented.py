"""Find public functions and classes whose docstrings leave an argument, a return value or an error out."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import import_module
from types import ModuleType
from typing import Any


def undocumented(package: ModuleType) -> list[str]:
    """Say what is missing in the docstrings of a package.

    Args:
        package: all its modules are walked; names with a leading underscore are left out.

    Returns:
        One line for each fault: the full name and what is missing. Properties are not asked for.
    """
    faults = []
    for module in _modules(package):
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
                continue
            full = f"{module.__name__}.{name}"
            if inspect.isclass(member):
                faults += _class_faults(full, member)
            elif inspect.isfunction(member):
                faults += _function_faults(full, member, inspect.getdoc(member) or "")
    return faults


def _modules(package: ModuleType) -> list[ModuleType]:
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [package, *map(import_module, names)]


def _class_faults(full: str, cls: type) -> list[str]:
    doc = cls.__dict__.get("__doc__") or ""
    faults = [] if doc.strip() else [f"{full}: no docstring"]
    own_init = cls.__dict__.get("__init__")
    if (
        inspect.isfunction(own_init)
        and not getattr(cls, "_is_protocol", False)
        and not doc.startswith(f"{cls.__name__}(")
    ):
        faults += _argument_faults(full, own_init, doc)
    for name, member in cls.__dict__.items():
        inner = getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(inner):
            inherited = any(hasattr(base, name) for base in cls.__bases__)
            if not (inherited and not inner.__doc__):
                faults += _function_faults(
                    f"{full}.{name}", inner, inspect.getdoc(inner) or "", one_line=True
                )
    return faults


def _function_faults(full: str, function: Any, doc: str, one_line: bool = False) -> list[str]:
    if not doc:
        return [f"{full}: no docstring"]
    if one_line and "\n" not in doc.strip():
        return []  # a small method may say all in its one sentence
    faults = _argument_faults(full, function, doc)
    returns = str(inspect.signature(function).return_annotation)
    if returns not in ("None", "<class 'inspect._empty'>") and not re.search(
        r"^(Returns|Yields):", doc, re.M
    ):
        faults.append(f"{full}: no Returns")
    return faults


def _argument_faults(full: str, function: Any, doc: str) -> list[str]:
    names = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
    doc = inspect.cleandoc(doc)
    return [
        f"{full}: argument {n} is not documented" for n in names if not re.search(rf"^\s+\**{n}: ", doc, re.M)
    ]
