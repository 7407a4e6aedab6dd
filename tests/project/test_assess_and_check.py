"""``kedro guided assess`` and ``kedro guided check``: a model file and images in, a page or a verdict out."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from guided_retraining.machine.backend import keras
from guided_retraining.models.loading import load_model
from project_copies import kedro_here

FAST = ("--steps", "4", "--n-images", "150")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real handwritten digits as PNG files in class folders."""
    folder = tmp_path_factory.mktemp("given") / "images"
    pixels, labels = load_digits(return_X_y=True)
    for i, (one, label) in enumerate(zip(pixels[:400], labels[:400], strict=True)):
        path = folder / str(label) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(one.reshape(8, 8) * 255 / 16).astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def model(smoke_project: Path) -> Path:
    return smoke_project / "data/smoke/06_models/digits/model_0.keras"


def guided(project: Path, *arguments: Any) -> subprocess.CompletedProcess[str]:
    return kedro_here(project, "guided", *map(str, arguments))


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip().splitlines()[-1]


def test_assess_writes_a_page_and_says_it_in_three_lines(
    smoke_project: Path, model: Path, images: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    asked = ("--images", images, "--model", model, "--eps", 0.15, "--page", page, *FAST)
    done = guided(smoke_project, "assess", *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.strip().splitlines()[-4:]  # before them progress, where it takes a while
    assert re.match(r"model_0\.keras: 9\d\.\d % \[.*\] of 150 images are right as they are", lines[0])
    assert lines[1].startswith("Right after one attack and all before it: FGSM ")
    assert "APGD-CE" in lines[1]
    assert lines[2].startswith("How sure: ")
    assert lines[3] == f"page: {page}"
    text = page.read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text)
    assert text.count("<img") == 2
    shares = [float(share) for share in re.findall(r'<td class="number">([\d.]+)\s%</td>', text)]
    assert len(shares) == 6
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 90
    assert shares[-1] < shares[0] - 20, "eps 0.15 fools a plain model of 8x8 digits often"


@pytest.mark.parametrize("input_range", ["0..255", "-1..1"])
def test_a_model_of_other_pixels_is_recognised_and_as_hard_to_fool(
    smoke_project: Path, model: Path, images: Path, tmp_path: Path, input_range: str
) -> None:
    inner = load_model(model)
    back = {"0..255": keras.layers.Rescaling(1 / 255), "-1..1": keras.layers.Rescaling(0.5, offset=0.5)}
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((8, 8, 1)), back[input_range], inner]).save(other)
    bars = ("--min-clean", 0.8, "--min-robust", 0.01)
    found = []
    for file in (model, other):
        out = tmp_path / f"{file.stem}.json"
        guided(
            smoke_project,
            "check",
            "--model",
            file,
            "--images",
            images,
            *bars,
            "--json",
            out,
            "--eps",
            0.05,
            *FAST,
        )
        found.append([one["right"] for one in json.loads(out.read_text())["verdicts"]])
    np.testing.assert_allclose(found[0], found[1], atol=1)


def test_classes_in_another_order_are_told_with_the_order_to_write(
    smoke_project: Path, model: Path, images: Path, tmp_path: Path
) -> None:
    inner = load_model(model)
    order = np.roll(np.arange(10), 3)
    turned = keras.layers.Dense(10, use_bias=False, trainable=False, name="turned")
    other = keras.Sequential([keras.Input((8, 8, 1)), inner, turned, keras.layers.Softmax()])
    turned.set_weights([20 * np.eye(10)[:, order]])
    other.save(tmp_path / "turned.keras")
    asked = (
        "--images",
        images,
        "--model",
        tmp_path / "turned.keras",
        "--page",
        tmp_path / "page.html",
        *FAST,
    )
    refused = guided(smoke_project, "assess", *asked)
    assert refused.returncode == 1
    names = ",".join(str(one) for one in order)
    assert f"--class-names {names}" in refused.stderr
    done = guided(smoke_project, "assess", *asked, "--class-names", names)
    assert done.returncode == 0, done.stderr
    assert re.search(r"turned\.keras: 9\d\.\d %", done.stdout)


def test_check_passes_fails_and_says_by_how_much(
    smoke_project: Path, model: Path, images: Path, tmp_path: Path
) -> None:
    asked = ("check", "--model", model, "--images", images, "--eps", 0.05, *FAST)
    files = ("--json", tmp_path / "gate.json", "--junit", tmp_path / "gate.xml")
    passed = guided(smoke_project, *asked, "--min-clean", 0.5, "--min-robust", 0.05, *files)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert last_line(passed).startswith("passed: model_0.keras: clean accuracy ")
    told = json.loads((tmp_path / "gate.json").read_text())
    assert told["exit_code"] == 0
    assert [one["what"] for one in told["verdicts"]] == ["clean", "robust"]
    assert told["eps"] == 0.05
    suite = ElementTree.parse(tmp_path / "gate.xml").getroot()
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "0"

    failed = guided(smoke_project, *asked, "--min-clean", 0.5, "--min-robust", 0.99, *files)
    assert failed.returncode == 1
    assert "robust accuracy" in failed.stdout
    assert "points below the bar of 99.0 %" in failed.stdout
    suite = ElementTree.parse(tmp_path / "gate.xml").getroot()
    assert suite.attrib["failures"] == "1"
    (failure,) = suite.findall("testcase/failure")
    assert "below the bar" in failure.attrib["message"]
    first, second = (last_line(guided(smoke_project, *asked, "--min-robust", 0.3)) for _ in range(2))
    assert first == second, "same images and seed, same verdict"


def test_a_bar_within_the_interval_fails_and_says_how_many_more_images_would_settle_it(
    smoke_project: Path, model: Path, images: Path, tmp_path: Path
) -> None:
    asked = ("check", "--model", model, "--images", images, "--json", tmp_path / "gate.json", *FAST)
    guided(smoke_project, *asked, "--min-clean", 0.5)
    (seen,) = json.loads((tmp_path / "gate.json").read_text())["verdicts"]
    open_ = guided(smoke_project, *asked, "--min-clean", (seen["share"] + seen["low"]) / 2)
    assert open_.returncode == 1
    assert re.search(r"is not shown to be above the bar .* more images would settle it", open_.stdout)


def test_a_study_is_checked_by_its_name_on_its_test_images(smoke_project: Path) -> None:
    done = guided(smoke_project, "check", "digits", "--env", "smoke", "--min-clean", 0.3, *FAST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digits hardened: clean accuracy" in done.stdout
    assert "of 150 images" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--min-clean", "0.9"], "give either the name of a study or --model FILE"),
        (["digits", "--model", "m.keras", "--min-clean", "0.9"], "give either the name of a study or --model FILE"),
        (["--model", "m.keras", "--min-clean", "0.9"], "--model needs --images"),
        (["digits"], "give a bar"),
        (["digits", "--min-clean", "90"], "--min-clean 90.0: expected a share between 0 and 1"),
        (["digits", "--min-clean", "0.9", "--eps", "8"], "8 grey levels are 8 / 255"),
        (["digitz", "--min-clean", "0.9"], "no such data set 'digitz'"),
        (["digits", "--min-clean", "0.9"], "there is no hardened model"),
        (["--model", "m.keras", "--images", "nowhere", "--min-clean", "0.9"], "there is no file m.keras"),
        (["digits", "--env", "smoke", "--min-clean", "0.9", "--n-images", "20"], "20 images: a gate needs 100"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_exits_with_2_and_says_why(
    smoke_project: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    files = ("--json", tmp_path / "gate.json", "--junit", tmp_path / "gate.xml")
    done = guided(smoke_project, "check", *arguments, *files)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stdout
    assert json.loads((tmp_path / "gate.json").read_text())["exit_code"] == 2
    assert ElementTree.parse(tmp_path / "gate.xml").getroot().attrib["errors"] == "1"
