"""The study's convolutional classifiers, as one table.

Layer words: ``C32`` a 3x3 convolution with 32 filters, same padding, ReLU; ``P`` 2x2 max-pooling; ``D.25`` dropout of
0.25; ``F`` flatten; ``FC128`` a dense layer of 128, ReLU. A dense softmax layer over the classes ends each model.
Source: the architectures of "Guiding the retraining of convolutional neural networks against adversarial inputs"
(PeerJ Computer Science, cs-1454); ``digits`` is a small one of the same family.
"""

from __future__ import annotations

from typing import Any

from guided_retraining.errors import ParameterError
from guided_retraining.models.cloning import clone

ARCHITECTURES: dict[str, str] = {
    "gtsrb": "C32 C32 P D.2 C64 C64 P D.2 C128 C128 P D.2 F FC512 D.5 FC256 D.5",
    "intel": "C32 P C64 P C128 P D.3 C128 P D.3 F D.5 FC512 D.5 FC100",
    "cifar10": "C16 C32 P C64 C64 P D.25 C128 P D.25 F D.3 FC256 D.3 FC64",
    "mnist": "C32 C64 P D.25 F FC128 D.5",
    "fashion_mnist": "C64 P C64 P D.25 F FC128 D.5 FC64 D.5",
    "digits": "C16 C32 P D.1 F FC64 D.2 FC32",
}


def build_model(architecture: str, image_shape: tuple[int, int, int], n_classes: int, *, seed: int) -> Any:
    """A new, untrained model.

    Args:
        architecture: a key of :data:`ARCHITECTURES`, or a line of layer words like its values.
        image_shape: ``(h, w, c)``.
        n_classes: at least 2.
        seed: of the initial weights and of dropout.

    Returns:
        A functional Keras model from ``(n, h, w, c)`` float32 in [0, 1] to ``(n, n_classes)`` probabilities.

    Raises:
        ParameterError: an unknown architecture or layer word, or images too small for its pooling layers.
    """
    from guided_retraining.machine.backend import keras

    words = _words(architecture)
    halvings = words.count("P")
    if min(image_shape[:2]) < 2**halvings:
        raise ParameterError(
            f"architecture '{architecture}' halves the image {halvings} times, so it needs at least "
            f"{2**halvings}x{2**halvings} pixels; found {image_shape[0]}x{image_shape[1]}. Change preprocessing.size."
        )
    inputs = keras.Input(image_shape, name="image")
    x = inputs
    for position, word in enumerate(words):
        x = _layer(word, position)(x)
    outputs = keras.layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    name = architecture if architecture in ARCHITECTURES else "classifier"
    return clone(keras.Model(inputs, outputs, name=name), seed=seed)


def check_architecture(architecture: str) -> None:
    """Refuse an unknown architecture without building it.

    Raises:
        ParameterError: naming the known ones.
    """
    _words(architecture)


def _words(architecture: str) -> list[str]:
    words = ARCHITECTURES.get(architecture, architecture).split()
    for word in words:
        kind = word.rstrip("0123456789.")
        number = word[len(kind) :]
        if kind not in {"C", "P", "D", "F", "FC"} or (kind in {"C", "D", "FC"}) != bool(number):
            raise ParameterError(
                f"model.architecture '{architecture}' is not one of {', '.join(ARCHITECTURES)}, nor a line of layer "
                f"words such as 'C32 P D.25 F FC128' ('{word}' is none)"
            )
    return words


def _layer(word: str, position: int) -> Any:
    from guided_retraining.machine.backend import keras

    layers = keras.layers
    kind = word.rstrip("0123456789.")
    number = word[len(kind) :]
    if kind == "C":
        return layers.Conv2D(int(number), 3, padding="same", activation="relu", name=f"conv_{position}")
    if kind == "FC":
        return layers.Dense(int(number), activation="relu", name=f"dense_{position}")
    if kind == "D":
        return layers.Dropout(float(number), name=f"dropout_{position}")
    return layers.MaxPooling2D(2, name=f"pool_{position}") if kind == "P" else layers.Flatten(name="flatten")
