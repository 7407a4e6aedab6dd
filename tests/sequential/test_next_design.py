"""Which design comes next, on studies whose truth is known."""

from functools import cache
from types import SimpleNamespace

import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation.looks import LOOKS
from guided_retraining.evaluation.questions import settled
from guided_retraining.sequential.blocks import read_log
from guided_retraining.sequential.design import Design, FullDesign, by_bisection, full_design, parameters_of
from guided_retraining.sequential.projection import projected
from guided_retraining.sequential.replay import part_of, replay
from made_up_study import FRACTIONS, METRICS, POOLS, made_up_costs, made_up_study

GRID = FRACTIONS[:-1]
FULL = FullDesign(tuple(range(12)), dict.fromkeys(("config_1", "config_2", "config_3"), GRID), "config_2")
MANY = {"up_to": 12, "margin": 0.02, "alpha": 0.05}


@cache
def study(**made):
    results, _ = made_up_study(replicates=range(12), **made)
    return results


@cache
def played(**made):
    return replay(study(**made), FULL, **MANY)


def designs(blocks):
    return [Design.read(block["design"]) for block in blocks]


def test_budgets_come_by_bisection_until_the_grid_is_full():
    there = ()
    while (budget := by_bisection(GRID, there)) is not None:
        there = (*there, budget)
    assert there[0] == 1 / 4
    assert sorted(there) == list(GRID)


def test_the_first_answer_is_of_one_strategy_and_the_next_holds_all():
    first, second, *_ = designs(played())
    assert first == Design(1, {"config_2": (1 / 4,)})
    assert second.budgets == {"config_1": (), "config_2": (1 / 4,), "config_3": ()}


def test_every_design_of_a_replicate_holds_the_one_before_and_replicates_come_one_by_one():
    blocks = played(noise=0.03)
    for before, after in zip(designs(blocks), designs(blocks)[1:], strict=False):
        assert after.n_replicates - before.n_replicates in (0, 1)
        if after.n_replicates == 1:
            assert all(set(budgets) <= set(after.budgets[name]) for name, budgets in before.budgets.items())
    assert designs(blocks)[-1].n_replicates == 12
    assert [block["look"] for block in blocks if block["look"]] == list(LOOKS)


def test_after_the_first_replicate_only_the_best_strategy_has_smaller_budgets():
    later = [one for one in designs(played()) if one.n_replicates > 1]
    assert later
    for design in later:
        assert [name for name, budgets in design.budgets.items() if budgets] == ["config_1"]
        assert len(design.budgets["config_1"]) <= 3


def test_a_clear_study_ends_early_and_leaves_settled_orderings_out():
    blocks = played(noise=0.003, loss=0.3)
    assert settled(blocks[-1]["questions"])
    last = designs(blocks)[-1]
    assert last.n_replicates in LOOKS[:3]
    for design in designs(blocks):
        assert "random" not in design.decided.get("config_1", {})


def test_the_recommended_ordering_is_never_left_out():
    results = study(noise=0.002, loss=0.3, clean_loss=0.0)
    short = (
        (results["metric"] == "dsa")
        & (results["n_inputs"] > 0)
        & (results["n_inputs"] < results["pool_size"])
    )
    robust = [column for column in results if str(column).endswith("_robust")]
    better = results.assign(**{one: results[one].where(~short, results[one] + 0.2) for one in robust})
    free = made_up_costs(results, scoring=dict.fromkeys(METRICS, 0.0))
    blocks = replay(better, FULL, costs=free, **MANY)
    assert "dsa" in {block["metric"] for block in blocks}
    for block in blocks:
        assert block["metric"] not in block["design"]["decided"].get(block["strategy"], {})


def test_work_is_that_of_the_cells_asked_for_each_once():
    results = study()
    blocks = played()
    whole = results.drop_duplicates(["configuration", "seed", "n_inputs", "gradient_passes"])
    assert 0 < sum(block["work"] for block in blocks) < 0.5 * whole["gradient_passes"].sum()
    assert min(block["work"] for block in blocks) >= 0


@pytest.mark.parametrize(("noise", "share"), [(0.003, 0.1), (0.01, 0.2), (0.03, 0.2)])
def test_it_takes_less_than_a_fifth_of_ten_equal_budgets_with_three_replicates(noise, share):
    ten = sum(
        3 * (len(METRICS) * sum(10 * round(pool * step / 10) for step in range(1, 10)) + 10 * pool)
        for pool in (POOLS[name] for name in FULL.grids)
    )
    loss = 0.2 if noise == 0.03 else 0.3
    assert sum(block["work"] for block in played(noise=noise, loss=loss)) < share * ten


def test_a_part_has_no_rows_of_other_replicates_budgets_or_configurations():
    design = Design(4, {"config_1": (1 / 8,), "config_3": ()}, {"config_1": {"lsa": 3}})
    part = part_of(study(), design, FULL)
    assert set(part["configuration"]) == {"config_1", "config_3"}
    assert set(part["seed"]) == {0, 1, 2, 3}
    assert set(part[part["metric"] == "lsa"].query("configuration == 'config_1'")["seed"]) == {0, 1, 2}
    smaller = part[(part["n_inputs"] > 0) & (part["n_inputs"] < part["pool_size"])]
    assert set(smaller["n_inputs"]) == {200}
    assert set(smaller["metric"]) == set(METRICS)
    with pytest.raises(InputError, match="config_1 has 6 budgets in the results, expected 3"):
        part_of(study(), design, FullDesign(FULL.replicates, {"config_1": (0.1, 0.2)}, "config_1"))


def test_a_projection_goes_to_the_last_replicate_and_begins_where_the_study_is():
    blocks = played(noise=0.03)
    assert projected(FULL, [], 12)[0] == designs(blocks)[0]
    assert projected(FULL, [], 12)[-1].n_replicates == 12
    assert projected(FULL, blocks, 12) == []
    assert projected(FULL, blocks[:8], 4)[-1].n_replicates == 4


def test_parameters_of_a_design_are_those_of_a_run():
    design = Design(2, {"config_1": (1 / 4,), "config_3": ()}, {"config_1": {"lsa": 1}})
    assert parameters_of(design, FULL) == {
        "replicates": [0, 1],
        "ordering_retraining": {
            "configurations": {
                "config_1": {"budgets": {"fractions": [0.25, 1]}, "decided": {"lsa": 1}},
                "config_2": None,
                "config_3": {"budgets": {"fractions": [1]}, "decided": {}},
            }
        },
    }
    assert Design.read(design.plain()) == design


@pytest.mark.parametrize(
    ("budgets", "grid"),
    [(4, (0.25, 0.5, 0.75)), ((100, 200), (100, 200)), (None, (1 / 16, 1 / 8, 1 / 4, 1 / 2))],
)
def test_every_kind_of_budgets_has_a_grid(digits_study, budgets, grid):
    above = {} if budgets is None else {"ordering_retraining": {"budgets": budgets}}
    full = full_design(digits_study(above), 5)
    assert full.grids["config_2"] == grid
    assert full.first == "config_2"
    assert full.replicates == (0, 1, 2, 3, 4)


def test_a_log_of_other_parameters_is_put_aside(digits_study):
    log, put_aside = read_log(None, digits_study({}))
    assert (log["blocks"], put_aside) == ([], False)
    log["blocks"].append(SimpleNamespace())
    assert read_log(log, digits_study({"replicates": [0]})) == (log, False)
    assert read_log(log, digits_study({"training": {"epochs": 2}}))[1]
