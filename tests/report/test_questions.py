"""What is settled and what is open, on the page and in words."""

from dataclasses import replace

from guided_retraining.evaluation import choose
from guided_retraining.evaluation.questions import questions_of
from guided_retraining.report import paper_tables, render_page
from guided_retraining.report.questions import questions_caption, questions_table
from made_up_page import context_of
from made_up_study import WORDS, made_up_study


def asked(**made):
    results, _ = made_up_study(**made)
    return questions_of(results, choose(results))


def test_settled_open_and_not_asked_are_told_apart():
    table = questions_table(asked(noise=0.003, loss=0.3), WORDS, "random", 0.02).set_index("question")
    helps = table.loc[next(row for row in table.index if row.endswith("against the original model"))]
    assert helps["verdict"] == "better"
    assert helps["open"] == "settled"
    assert "50 inputs by random, against the whole pool" in table.index
    assert set(table["open"]) <= {"settled", "open", "not asked"}
    assert table["interval"].str.contains(" to ").all()


def test_one_replicate_has_differences_and_no_intervals():
    questions = asked(replicates=[0])
    table = questions_table(questions, WORDS, "random", 0.02)
    assert (table["verdict"] == "not resolved").all()
    assert not table["interval"].str.contains(" to ").any()
    assert "questions are open" in questions_caption(questions)


def test_the_page_tells_what_is_open():
    context = replace(context_of(), questions=asked(noise=0.05))
    assert len(paper_tables(context)["questions"].numbers)
    page = render_page(context)
    assert questions_caption(context.questions) in page
    assert "What is settled" not in render_page(context_of())
