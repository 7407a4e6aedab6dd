"""What the answer is chosen by: the parameters' defaults are the functions', and their bounds are told."""

import inspect

import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.evaluation import choose, recommend
from guided_retraining.parameters.blocks import AnswerParameters
from guided_retraining.parameters.study import parse_study

STUDY = {
    "source": {"reader": "folder", "path": "images"},
    "model": {"architecture": "C8 F FC10"},
    "attack": {"attacks": {"fgsm": {"eps": 0.1}}},
    "metrics": {"random": {}},
    "ordering_retraining": {"configurations": {"config_1": {"start": "fresh", "pool": "all"}}},
}


@pytest.mark.parametrize("function", [choose, recommend])
def test_parameters_and_functions_agree_on_the_defaults(function):
    signature = inspect.signature(function).parameters
    for name, value in AnswerParameters().rule.items():
        assert signature[name].default == value


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"choose_by": "clean"}, "answer.choose_by: Input should be 'robust' or 'combined'"),
        ({"margin": 0}, "answer.margin: Input should be greater than 0"),
        ({"alpha": 0.5}, "answer.alpha: Input should be less than 0.5"),
        ({"marign": 0.1}, "answer.marign: no such parameter. Did you mean 'margin'?"),
    ],
)
def test_impossible_parameters_are_refused(answer, said):
    with pytest.raises(ParameterError, match=said):
        parse_study("digits", {**STUDY, "answer": answer})
