"""The words that people read come from parameters and registry rows, never from a key."""

from itertools import product

from guided_retraining.evaluation.wording import (
    configuration_label,
    configuration_words,
    configurations_in_words,
)
from guided_retraining.parameters.configurations import ConfigurationParameters

CHOICES = {
    "start": ("fresh", "original"),
    "pool": ("all", "adversarial"),
    "keep_clean": (False, True),
    "training": ({}, {"learning_rate": 1e-4}, {"learning_rate": 1e-3}, {"epochs": 3}),
}


def test_a_configuration_is_described_by_what_it_does_whatever_its_key():
    row = ConfigurationParameters(start="original", pool="adversarial")
    assert configuration_words(row) == "original weights, adversarial pool only"
    assert configuration_words({"start": "fresh", "pool": "all"}) == "fresh weights, clean + adversarial pool"
    label = configuration_label("config_1", {"config_1": configuration_words(row)})
    assert label == "config_1 (original weights, adversarial pool only)"


def test_configurations_that_differ_are_told_apart_in_words():
    compared = {
        "metrics",
        "budgets",
        "decided",
    }  # they decide which models there are, not what is done with one
    assert set(CHOICES) | compared | {"strategy"} == set(ConfigurationParameters.model_fields)
    rows = [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]
    words = [configuration_words(ConfigurationParameters(**row)) for row in rows]
    ranked_alike = {(row["start"], str(row["training"])) for row in rows}
    # with the clean inputs always kept only adversarial ones are ranked, whatever the pool
    assert len(set(words)) == len(rows) - len(ranked_alike)
    assert words == [configuration_words(row) for row in rows]


def test_each_parameter_of_a_strategy_is_told_apart_in_words():
    def words(strategy):
        return configuration_words(ConfigurationParameters(start="fresh", strategy=strategy))

    asked = [
        "retraining", "clean_continuation", "rounds", "adversarial_training",
        *({"adversarial_training": {"eps": 0.1, **given}}
          for given in ({}, {"steps": 7}, {"share": 0.5}, {"share": 0.5, "rest": "fgsm"},
                        {"share": 0.5, "lowest_first": True}, {"step_size": 0.5})),
        {"rounds": {"rounds": 2}}, {"rounds": {"steps": 5}},
    ]  # fmt: skip
    assert len({words(one) for one in asked}) == len(asked)
    assert words({"adversarial_training": {"eps": 0.1}}) == (
        "adversarial training (FGSM with a random start, eps 0.1) from fresh weights"
    )
    assert words("clean_continuation") == "training on clean inputs only (the control) from fresh weights"


def test_an_eps_that_a_strategy_takes_from_the_attacks_is_told():
    rows = {
        "mine": ConfigurationParameters(start="fresh", strategy="adversarial_training"),
        "own": ConfigurationParameters(start="original", strategy={"rounds": {"eps": 0.05}}),
        "plain": ConfigurationParameters(start="fresh"),
    }
    told = configurations_in_words(rows, 0.15)
    assert told["mine"] == "adversarial training (FGSM with a random start, eps 0.15) from fresh weights"
    assert "(PGD-10, eps 0.05)" in told["own"]
    assert told["plain"] == configuration_words(rows["plain"])
    assert "eps" not in configurations_in_words(rows)["mine"]
