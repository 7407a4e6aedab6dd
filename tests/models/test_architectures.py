"""The study's models: sizes, errors, loading and forward passes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from guided_retraining.errors import ModelError, ParameterError
from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import ARCHITECTURES, build_model, check_architecture
from guided_retraining.models.forward import ForwardPass, feature_layer, predicted_labels, trace_model
from guided_retraining.models.loading import check_model, load_model

PUBLISHED = {  # parameters with a grey input, from the design's table
    "gtsrb": (48, 43, 2_788_619, 256),
    "intel": (48, 6, 882_498, 100),
    "cifar10": (32, 10, 675_722, 64),
    "mnist": (28, 10, 1_625_866, 128),
    "fashion_mnist": (28, 10, 448_010, 64),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_and_feature_layer_are_the_published_ones(name: str) -> None:
    size, classes, parameters, features = PUBLISHED[name]
    model = build_model(name, (size, size, 1), classes, seed=0)
    assert model.count_params() == parameters
    assert feature_layer(model).units == features
    assert model.output_shape == (None, classes)


def test_the_same_seed_makes_the_same_model() -> None:
    first, again, other = (
        build_model("digits", (8, 8, 1), 10, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_unknown_words_and_small_images_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"'resnet' is not one of gtsrb"):
        check_architecture("resnet")
    with pytest.raises(ParameterError, match=r"\('C' is none\)"):
        check_architecture("C F FC10")
    with pytest.raises(ParameterError, match="needs at least 16x16"):
        build_model("intel", (8, 8, 3), 6, seed=0)
    for name in ARCHITECTURES:
        check_architecture(name)


def test_forward_passes_in_batches_equal_one_pass() -> None:
    model = trace_model(build_model("digits", (8, 8, 1), 10, seed=0))
    images = np.random.default_rng(0).random((37, 8, 8, 1), dtype=np.float32)
    done = []
    activations, probabilities = ForwardPass(model, batch_size=16)(
        images, progress=lambda n, total: done.append(n)
    )
    expected = model(images, training=False)
    np.testing.assert_allclose(activations, expected[0], atol=1e-5)
    np.testing.assert_allclose(probabilities, expected[1], atol=1e-5)
    assert activations.min() >= 0, "activations are read after the ReLU"
    assert done == [16, 32, 37]
    assert predicted_labels(ForwardPass(model), images[:0]).shape == (0,)


def test_a_model_without_hidden_dense_layer_says_what_to_name() -> None:
    model = build_model("C4 P F", (4, 4, 1), 3, seed=0)
    with pytest.raises(ModelError, match=r"model\.feature_layer: flatten"):
        feature_layer(model)
    assert feature_layer(model, "flatten").name == "flatten"
    with pytest.raises(ModelError, match="no flat layer 'dense_9'"):
        feature_layer(model, "dense_9")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_users_models_load_with_their_weights(tmp_path: Path, suffix: str) -> None:
    model = build_model("digits", (8, 8, 1), 10, seed=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    path = tmp_path / f"mine{suffix}"
    model.save(path)
    loaded = load_model(path)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True))
    check_model(loaded, (8, 8, 1), 10)


def test_unusable_model_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no file"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ModelError, match=r"neither \.keras nor \.h5"):
        load_model(tmp_path / "a.txt")
    with zipfile.ZipFile(tmp_path / "broken.keras", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(tmp_path / "broken.keras")
    inputs = keras.Input((4,))
    with_code = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Lambda(lambda x: x * 2)(inputs)))
    with_code.save(tmp_path / "code.keras")
    with pytest.raises(ModelError, match=r"Lambda layer\), which is not run"):
        load_model(tmp_path / "code.keras")


def test_a_file_that_is_no_model_is_told_for_what_it_is(tmp_path: Path) -> None:
    build_model("C2 F", (8, 8, 1), 3, seed=0).save(tmp_path / "whole.keras")
    archive = (tmp_path / "whole.keras").read_bytes()
    (tmp_path / "folder.keras").mkdir()
    for name, content, found in (
        ("pointer.keras", b"version https://git-lfs", r"neither a zip .* begins with b'version '"),
        ("empty.h5", b"", "neither a zip archive nor an HDF5 file; it begins with b''"),
        ("half.keras", archive[: len(archive) // 2], "a zip archive that breaks off"),
        ("archive.h5", archive, r"a zip archive: let its name end in \.keras"),
        ("legacy.keras", b"\x89HDF\r\n\x1a\n...", r"an HDF5 file: let its name end in \.h5"),
        ("folder.keras", None, "is a folder"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match=found):
            load_model(tmp_path / name)


def test_a_model_for_other_images_or_classes_is_refused() -> None:
    model = build_model("digits", (8, 8, 1), 10, seed=0)
    with pytest.raises(
        ModelError, match=r"takes images of shape \(8, 8, 1\), the data set's are \(28, 28, 1\)"
    ):
        check_model(model, (28, 28, 1), 10)
    with pytest.raises(ModelError, match="one column for each of the 43 classes"):
        check_model(model, (8, 8, 1), 43)
