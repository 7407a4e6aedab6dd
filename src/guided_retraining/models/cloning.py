"""A model's architecture once more, with weights of its own that a seed decides."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from guided_retraining.errors import ModelError
from guided_retraining.storage.fingerprint import fingerprint

__all__ = ["architecture", "clone", "with_seeds"]


def architecture(model: Any) -> str:
    """A fingerprint of a model's layers without its weights, and without the seeds that drew them.

    Args:
        model: a built Keras model; its own name does not count either.
    """
    configuration = json.loads(model.to_json())
    configuration["config"].pop("name", None)
    return fingerprint(with_seeds(configuration, 0))


def clone(model: Any, *, precision: str = "float32", seed: int | None = None) -> Any:
    """The same architecture with new weights.

    Keras draws weights from Python's global generator, from which any thread of the process may draw at the same time.
    So each initializer (and dropout layer) is given a seed of its own.

    Args:
        model: a built Keras model.
        precision: what it computes in; the output layer stays in float32.
        seed: of the new weights; None leaves them to chance, for weights that are set anyway.

    Raises:
        ModelError: the model cannot be rebuilt from its configuration.
    """
    from guided_retraining.machine.backend import keras

    positions = {id(layer): position for position, layer in enumerate(model.layers)}

    def rebuild(layer: Any) -> Any:
        configuration = layer.get_config()
        if precision != "float32":
            configuration = _in_precision(configuration, precision, last=layer is model.layers[-1])
        if seed is not None and id(layer) in positions:  # others are operations without weights
            configuration = with_seeds(configuration, seed, positions[id(layer)])
        return layer.__class__.from_config(configuration)

    try:
        return keras.models.clone_model(model, clone_function=rebuild)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ModelError(
            f"the model '{model.name}' cannot be rebuilt from its configuration ({error}), which retraining needs; "
            "a Sequential or functional model, or one with get_config, can"
        ) from error


def with_seeds(configuration: Any, *seed: int) -> Any:
    """A configuration with a number derived from ``seed`` wherever it has an entry named ``seed``.

    Args:
        configuration: nested dictionaries and lists, as ``layer.get_config()`` gives them; not changed.
        seed: numbers, 0 or more; other numbers give other seeds.

    >>> first = with_seeds({"rate": 0.5, "seed": None, "inner": [{"seed": 3}]}, 0)
    >>> first["rate"], first["seed"] != first["inner"][0]["seed"], first == with_seeds(first, 0)
    (0.5, True, True)
    """
    if isinstance(configuration, dict):
        return {
            key: _drawn(seed)
            if key == "seed" and (value is None or isinstance(value, int))
            else with_seeds(value, *seed, place)
            for place, (key, value) in enumerate(configuration.items())
        }
    if isinstance(configuration, list):
        return [with_seeds(value, *seed, place) for place, value in enumerate(configuration)]
    return configuration


def _in_precision(configuration: dict[str, Any], precision: str, *, last: bool) -> dict[str, Any]:
    """A layer's configuration, or a nested model's, in which all but the last layer of all compute in a precision."""
    layers = configuration.get("layers")
    if layers is None:  # an operation without weights has no precision of its own
        return (
            configuration if last or "dtype" not in configuration else {**configuration, "dtype": precision}
        )
    inner = [
        row  # its dtype is that of the images
        if row["class_name"] == "InputLayer"
        else {**row, "config": _in_precision(row["config"], precision, last=last and row is layers[-1])}
        for row in layers
    ]
    return {**configuration, "layers": inner}


def _drawn(seed: tuple[int, ...]) -> int:
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) >> 1
