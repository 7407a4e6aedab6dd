"""What a user may get wrong, and what each message says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from guided_retraining.attacks import ATTACKS, KerasLogitsEstimator, check_attack, make_attack
from guided_retraining.errors import InputError, ParameterError


@pytest.mark.parametrize(
    ("key", "parameters", "text"),
    [
        ("fgsm", {"eps": 0}, "eps=0, expected a number above 0"),
        ("fgsm", {"eps": -0.1}, "eps=-0.1"),
        ("fgsm", {"eps": 8}, r"eps=8, expected a number in \(0, 1\].*8 / 255 = 0.0314"),
        ("square", {"eps": 1.5}, r"eps=1.5, expected a number in \(0, 1\]"),
        ("bim", {"eps": float("nan")}, "eps=nan"),
        ("bim", {"eps": "0.1"}, "eps='0.1'"),
        ("bim", {"max_iter": 0}, "max_iter=0, expected a whole number of 1 or more"),
        ("bim", {"max_iter": 2.5}, "max_iter=2.5"),
        ("bim", {"max_iter": True}, "max_iter=True"),
        ("pgd", {"norm": 3}, "norm=3, expected 1 or 2 or inf"),
        ("pgd", {"norm": [1]}, r"norm=\[1\]"),
        ("pgd", {"num_random_init": -1}, "num_random_init=-1"),
        ("pgd", {"targeted": 1}, "targeted=1, expected true or false"),
        ("pgd", {"batch_size": 0}, "batch_size=0"),
        (
            "bim",
            {"epsilon": 0.1},
            "no such parameter 'epsilon'. Did you mean 'eps'.*Known: batch_size, eps, eps_step",
        ),
        ("carlini_wagner", {"max_halving": 5}, "no such parameter 'max_halving'"),
        ("carlini_wagner", {"confidence": -1}, "confidence=-1"),
        ("deepfool", {"nb_grads": 1}, "nb_grads=1"),
        ("apgd_ce", {"norm": 1}, "norm=1, expected 2 or inf"),
        ("cw", {}, "there is no attack 'cw'. Known: apgd_ce, apgd_dlr.*package.module:Class"),
        ("my.module:Attack", {"eps": -1}, "eps=-1"),
    ],
)
def test_bad_parameters(key: str, parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        check_attack(key, parameters)


@pytest.mark.parametrize("key", [key for key, row in ATTACKS.items() if "eps" in row.parameters])
def test_an_epsilon_of_zero_is_refused(key: str, estimator: KerasLogitsEstimator) -> None:
    with pytest.raises(ParameterError, match="eps=0"):
        make_attack(key, estimator, eps=0)


def test_large_balls_are_fine_in_l1_and_l2() -> None:
    assert check_attack("pgd", {"norm": 1, "eps": 12})["eps"] == 12
    assert check_attack("pgd", {"norm": 2, "eps": 3.0})["eps"] == 3.0


@pytest.mark.parametrize("key", ["fgsm", "carlini_wagner", "deepfool", "apgd_ce", "square", "auto_attack"])
def test_bad_images_and_labels(key: str, estimator: KerasLogitsEstimator, held_out: Any) -> None:
    images, labels = held_out
    attack = make_attack(key, estimator)
    bad_images = [
        (images.astype(np.float64), r"dtype float64.*images\.astype\('float32'\)"),
        ((images * 255).astype(np.uint8), "dtype uint8.*/ 255"),
        (images * 255, r"pixel values from 0 to 255, expected \[0, 1\]"),
        (images - 0.5, "pixel values from -0.5"),
        (np.full_like(images, np.nan), "pixel values from nan"),
        (images[..., 0], r"shape \(60, 8, 8\), expected \(n, 8, 8, 1\)"),
        (images[:, :4], r"shape \(60, 4, 8, 1\)"),
    ]
    for bad, text in bad_images:
        with pytest.raises(InputError, match=text):
            attack.generate(bad, labels)
    bad_labels = [
        (labels[:-1], r"labels of shape \(59,\), expected \(60,\) or \(60, 10\)"),
        (np.eye(9)[labels % 9], r"labels of shape \(60, 9\)"),
        (labels + 5, "expected integers from 0 to 9"),
        (labels - 1, "labels from -1"),
        (labels + 0.5, "expected integers"),
        (np.full((60, 10), 0.1), "not one-hot"),
    ]
    for bad, text in bad_labels:
        with pytest.raises(InputError, match=text):
            attack.generate(images, bad)


def test_a_targeted_attack_needs_labels(estimator: KerasLogitsEstimator, held_out: Any) -> None:
    with pytest.raises(ParameterError, match="expected the classes to reach"):
        make_attack("pgd", estimator, targeted=True).generate(held_out[0])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("no_such_module:Attack", "'no_such_module:Attack' cannot be imported"),
        ("collections:NoSuchClass", "'collections:NoSuchClass' cannot be imported.*has no attribute"),
        ("collections:OrderedDict", "no generate method"),
    ],
)
def test_bad_import_paths(path: str, text: str, estimator: KerasLogitsEstimator) -> None:
    with pytest.raises(ParameterError, match=text):
        make_attack(path, estimator)


def test_an_attack_by_import_path(estimator: KerasLogitsEstimator, held_out: Any) -> None:
    ours = make_attack("fgsm", estimator, eps=0.1).generate(*held_out)
    arts = make_attack("art.attacks.evasion:FastGradientMethod", estimator, eps=0.1).generate(*held_out)
    np.testing.assert_allclose(arts, ours, atol=1e-6)


def test_parameters_set_later_are_checked(estimator: KerasLogitsEstimator) -> None:
    attack = make_attack("pgd", estimator)
    attack.set_params(eps=0.2)
    assert attack.eps == 0.2
    with pytest.raises(ParameterError, match="eps=0"):
        attack.set_params(eps=0)


def test_checking_a_configuration_loads_no_deep_learning_library() -> None:
    code = (
        "import sys; from guided_retraining.attacks import check_attack; check_attack('pgd', {'eps': 0.1});"
        "loaded = [m for m in ('tensorflow', 'keras', 'art') if m in sys.modules]; assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
