"""The table of attacks: adding one is one class and one row. No deep-learning library is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from guided_retraining.parameters.parameter import Parameter, flag, number, one_of, optional, whole

__all__ = ["ATTACKS", "PGD_REACH", "AttackRow"]


@dataclass(frozen=True)
class AttackRow:
    """One attack of the registry: all that there is to know of it.

    Attributes:
        key: its name in parameters.
        label: its name in sentences, tables and figures.
        target: import path of its class.
        norm: the norm it keeps small; ``parameters`` has the order where it can be chosen.
        parameters: names, defaults and allowed values; eps in units of [0, 1] pixel values.
        source: where it was published.
        fixed: arguments that make the class this attack, each the default of its parameter; not for the user.
    """

    key: str
    label: str
    target: str
    norm: str
    parameters: Mapping[str, Parameter]
    source: str
    fixed: Mapping[str, Parameter] = field(default_factory=dict)


def _norm(*orders: float, default: float | str = "inf") -> Parameter:
    words = [f"{order:g}" for order in orders]
    return Parameter(
        default,
        " or ".join(words),
        lambda value: value == "inf" or (not isinstance(value, bool) and value in orders),
    )


PGD_REACH = 2.5  # of all steps together, in units of eps: section 5 of Madry et al. 2018, arXiv 1706.06083
_ITERATIVE = "guided_retraining.attacks.iterative:IterativeGradientAttack"
_APGD = "guided_retraining.attacks.apgd:AutoPGD"
_EPS = number(8 / 255, above=0)  # 8 grey levels, the usual Linf budget for colour images
_STEP = optional(number(2 / 255, above=0))
_ANY_NORM = _norm(1, 2, inf)
_BATCH = {"batch_size": whole(64, low=1)}
_COMMON = {"targeted": flag(False), **_BATCH}
_SEED = {"seed": whole(0)}
_APGD_PARAMETERS = {
    "norm": _norm(2, inf),
    "eps": _EPS,
    "eps_step": optional(number(None, above=0)),
    "max_iter": whole(100, low=1),
    "nb_random_init": whole(1, low=1),
    **_BATCH,
    **_SEED,
}
_LOSSES = ("cross_entropy", "difference_logits_ratio")
_STUDY = {
    "eps": number(0.05, above=0),
    "eps_step": optional(number(0.01, above=0)),
    "max_iter": whole(10, low=1),
    **_COMMON,
}
_STUDY_WAY = {"scaled": flag(True), "softmax_as_logits": flag(True)}

_ROWS = [
    AttackRow(
        "fgsm", "FGSM", _ITERATIVE, "Linf",
        {"norm": _ANY_NORM, "eps": _EPS, "num_random_init": whole(0), **_COMMON, **_SEED},
        "Goodfellow et al. 2015, arXiv 1412.6572",
        {"max_iter": whole(1, low=1)},
    ),
    AttackRow(
        "bim", "BIM", _ITERATIVE, "Linf",
        {"eps": _EPS, "eps_step": _STEP, "max_iter": whole(10, low=1), **_COMMON},
        "Kurakin et al. 2017, arXiv 1607.02533",
        {"norm": _ANY_NORM},
    ),
    AttackRow(
        "pgd", "PGD", _ITERATIVE, "Linf",
        {
            "norm": _ANY_NORM, "eps": _EPS, "eps_step": _STEP, "max_iter": whole(20, low=1),
            "num_random_init": whole(1), **_COMMON, **_SEED,
        },
        "Madry et al. 2018, arXiv 1706.06083",
    ),
    AttackRow(
        "mi_fgsm", "MI-FGSM", _ITERATIVE, "Linf",
        {
            "norm": _ANY_NORM, "eps": _EPS, "eps_step": _STEP, "max_iter": whole(10, low=1),
            "decay": optional(number(1.0, low=0)), **_COMMON,
        },
        "Dong et al. 2018, arXiv 1710.06081",
    ),
    AttackRow(
        "carlini_wagner", "Carlini-Wagner L2", "guided_retraining.attacks.carlini:CarliniWagnerL2", "L2",
        {
            "confidence": number(0.0, low=0), "learning_rate": number(0.02, above=0),
            "binary_search_steps": whole(5, low=1), "max_iter": whole(100, low=1),
            "initial_const": number(1.0, above=0), **_COMMON,
        },
        "Carlini and Wagner 2017, arXiv 1608.04644",
    ),
    AttackRow(
        "deepfool", "DeepFool", "guided_retraining.attacks.deepfool:DeepFool", "L2",
        {"max_iter": whole(50, low=1), "epsilon": number(0.02, low=0), "nb_grads": whole(10, low=2), **_BATCH},
        "Moosavi-Dezfooli et al. 2016, arXiv 1511.04599",
    ),
    AttackRow(
        "apgd_ce", "APGD-CE", _APGD, "Linf", _APGD_PARAMETERS, "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": one_of("cross_entropy", *_LOSSES)},
    ),
    AttackRow(
        "apgd_dlr", "APGD-DLR", _APGD, "Linf", _APGD_PARAMETERS, "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": one_of("difference_logits_ratio", *_LOSSES)},
    ),
    AttackRow(
        "square", "Square", "guided_retraining.attacks.square:SquareAttack", "Linf",
        {
            "eps": _EPS, "max_iter": whole(1000, low=1), "p_init": number(0.8, above=0, high=1), **_BATCH,
            **_SEED,
        },
        "Andriushchenko et al. 2020, arXiv 1912.00049",
    ),
    AttackRow(
        "auto_attack", "APGD-CE + APGD-DLR + Square", "guided_retraining.attacks.ensemble:AutoAttackEnsemble",
        "Linf",
        {
            "eps": _EPS, "max_iter": whole(100, low=1), "nb_random_init": whole(1, low=1),
            "square_max_iter": whole(1000, low=1), **_BATCH, **_SEED,
        },
        "Croce and Hein 2020, arXiv 2003.01690, without FAB and the targeted attacks",
    ),
    AttackRow(
        "l2_bim", "L2-BIM (study)", _ITERATIVE, "L2", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called CW",
        {"norm": _norm(1, 2, inf, default=2), **_STUDY_WAY},
    ),
    AttackRow(
        "l1_bim", "L1-BIM (study)", _ITERATIVE, "L1", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called BIM",
        {"norm": _norm(1, 2, inf, default=1), **_STUDY_WAY},
    ),
]  # fmt: skip
ATTACKS: dict[str, AttackRow] = {row.key: row for row in _ROWS}
