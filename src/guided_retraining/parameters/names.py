"""What a name in ``conf/`` stands for: a row of a registry, or the import path of something of the user's own."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from guided_retraining.errors import ParameterError

__all__ = [
    "PIPELINES", "STAGES", "check_dataset_name", "imported", "look_up", "named_function", "own_name", "suggest",
]  # fmt: skip

Row = TypeVar("Row")

# Of one data set, in the order in which they run; each is a pipeline over all data sets.
STAGES = (
    "preprocessing",
    "training",
    "attack",
    "metrics",
    "ordering_retraining",
    "reporting",
    "delivery",
)
PIPELINES = (*STAGES, "download", "comparison", "__default__")  # besides one for each data set, of its name


def check_dataset_name(name: str) -> None:
    """Refuse a name for a data set whose pipeline would take the place of another.

    Args:
        name: of the data set.

    Raises:
        ParameterError: it is the name of a pipeline.

    >>> check_dataset_name("download")
    Traceback (most recent call last):
    guided_retraining.errors.ParameterError: a data set cannot be called 'download': kedro run --pipelines download ...
    """
    if name in PIPELINES:
        raise ParameterError(
            f"a data set cannot be called '{name}': kedro run --pipelines {name} is something else. Give its block "
            f"another name; taken are {', '.join(PIPELINES)}"
        )


def suggest(word: str, known: Iterable[str]) -> str:
    """The nearest known word and all of them, for the error about an unknown one.

    Args:
        word: what was found.
        known: what would have been right.

    >>> suggest("epz", ["eps", "norm"]), suggest("epz", [])
    (" Did you mean 'eps'? Known: eps, norm.", ' Known: none.')
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return (f" Did you mean '{close[0]}'?" if close else "") + f" Known: {', '.join(names) or 'none'}."


def named_function(
    name: str, parameters: Mapping[str, Any] | None, key: str, known: Collection[str] = ()
) -> tuple[str, dict[str, Any]]:
    """What a row of YAML names: its own name, or what its ``function`` or ``attack`` says.

    Args:
        name: the row's name, used for files, namespaces and figures.
        parameters: the row's parameters.
        key: the parameter that may say what the row stands for.
        known: names that may stand for nothing but themselves, as figures and tables would be wrong.

    Returns:
        A name of the registry or an import path, and the other parameters.

    Raises:
        ParameterError: an import path where a plain name is expected, or a known name that stands for another.

    >>> named_function("mine", {"function": "my_module:score", "power": 2}, "function")
    ('my_module:score', {'power': 2})
    """
    if not name.isidentifier():
        raise ParameterError(
            f"'{name}' cannot name files; give it a plain name and the import path below it: "
            f"my_name: {{{key}: '{name}'}}"
        )
    rest = dict(parameters or {})
    function = str(rest.pop(key, name))
    if name in known and function != name:
        raise ParameterError(
            f"'{name}' is one of ours, but its row says {key}: {function}; give the row another name"
        )
    return function, rest


def look_up(kind: str, key: str, table: Mapping[str, Row], hint: str = "") -> Row:
    """A row of a registry.

    Args:
        kind: what the registry holds, for the error.
        key: of the row.
        table: the registry.
        hint: what else may be given, a sentence.

    Raises:
        ParameterError: there is no such row.

    >>> look_up("wrapper", "class_balanced", {"class_balanced": 1})
    1
    """
    if key not in table:
        raise ParameterError(f"there is no {kind} '{key}'.{suggest(key, table)}{hint and ' '}{hint}")
    return table[key]


def imported(kind: str, path: str) -> Any:
    """What the user's own import path names.

    Args:
        kind: what it should be, for the error.
        path: ``package.module:name`` or ``package.module.name``.

    Raises:
        ParameterError: there is nothing at the path.
    """
    module, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ParameterError(
            f"{kind} '{path}' cannot be imported ({error}); expected package.module:name, with the package "
            "installed or on PYTHONPATH"
        ) from error


def own_name(key: str) -> str:
    """How something without a registry row is called: the last part of its key or import path, in words.

    >>> own_name("my_package.scores:edge_count"), own_name("strong")
    ('edge count', 'strong')
    """
    return key.replace(":", ".").rsplit(".", 1)[-1].replace("_", " ")
