import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import PipelineError
from mlopskit.pipeline.graph import Graph
from mlopskit.pipeline.step import Step


def flights(path):
    return path


def features(flights, month=1):
    return flights, month


def model(features, max_depth):
    return features, max_depth


def names(steps):
    return [step.name for step in steps]


def graph(*functions):
    return Graph.of(Step(function) for function in functions)


def test_steps_are_wired_by_argument_names_in_any_order():
    wired = graph(model, features, flights)
    assert list(wired.steps) == ["flights", "features", "model"]
    assert wired.needs["features"] == {"flights": "flights"}
    assert wired.parameters == {"path": ["flights"], "month": ["features"], "max_depth": ["model"]}


def test_inputs_rename():
    wired = Graph.of([Step(flights), Step(features, inputs={"flights": "flights", "month": "flights"})])
    assert wired.needs["features"] == {"flights": "flights", "month": "flights"}


def step_needing(name, needs):
    return Step(lambda **inputs: inputs, name=name, inputs={need: need for need in needs})


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_every_step_comes_after_what_it_needs_and_a_possible_order_is_kept(data, count):
    names = [f"s{i}" for i in range(count)]
    needs = {
        name: data.draw(st.sets(st.sampled_from(names[:i])) if i else st.just(set())) for i, name in enumerate(names)
    }
    steps = [step_needing(name, sorted(needs[name])) for name in names]
    assert list(Graph.of(steps).steps) == names
    order = list(Graph.of(data.draw(st.permutations(steps))).steps)
    assert all(order.index(need) < order.index(name) for name in names for need in needs[name])


def test_a_long_chain_is_no_problem():
    chain = [step_needing("s0", [])] + [step_needing(f"s{i}", [f"s{i - 1}"]) for i in range(1, 3000)]
    assert len(Graph.of(chain).plan(["s2999"], ())) == 3000


def test_two_steps_of_one_name_are_refused():
    with pytest.raises(PipelineError, match="named 'flights', flights and features"):
        Graph.of([Step(flights), Step(features, name="flights")])


def test_a_cycle_is_shown():
    with pytest.raises(PipelineError, match=r"a -> b -> a|b -> a -> b"):
        Graph.of([step_needing("a", ["b"]), step_needing("b", ["a"])])


def test_a_step_that_needs_itself_is_a_cycle():
    with pytest.raises(PipelineError, match="features -> features"):
        Graph.of([Step(lambda features: features, name="features")])


def test_inputs_that_name_no_step_are_refused_with_a_guess():
    with pytest.raises(PipelineError, match=r"'features' takes 'flights' from 'flihgts'.*did you mean 'flights'\?"):
        Graph.of([Step(flights), Step(features, inputs={"flights": "flihgts"})])


def test_only_what_the_targets_need_is_planned():
    wired = graph(flights, features, model)
    assert names(wired.plan(["features"], ())) == ["flights", "features"]


def test_a_given_step_and_what_only_it_needs_are_not_planned():
    wired = graph(flights, features, model)
    assert names(wired.plan(["model"], {"features"})) == ["model"]


def test_unknown_targets_are_refused_with_a_guess():
    with pytest.raises(PipelineError, match=r"no step 'modell' \(did you mean 'model'\?\)"):
        graph(flights, features, model).plan(["modell"], ())
    with pytest.raises(PipelineError, match="no step 'xyz'; there are flights, features, model"):
        graph(flights, features, model).plan(["model"], {"xyz"})


def test_unknown_parameters_are_refused_with_a_guess():
    wired = graph(flights, features, model)
    with pytest.raises(PipelineError, match=r"parameter 'maxdepth' \(did you mean 'max_depth'\?\)"):
        wired.check_parameters(["path", "maxdepth"], wired.plan(["model"], ()))


def test_a_parameter_named_like_a_step_points_to_given():
    wired = graph(flights, features, model)
    with pytest.raises(PipelineError, match=r"'features' is a step.*given="):
        wired.check_parameters(["features"], [])


def test_a_missing_parameter_is_named_with_its_step():
    wired = graph(flights, features, model)
    with pytest.raises(
        PipelineError, match=r"Step 'model' needs 'max_depth', which is no step: pass run\(max_depth=...\)"
    ):
        wired.check_parameters(["path"], wired.plan(["model"], ()))


def test_a_missing_parameter_that_is_nearly_a_step_is_guessed():
    wired = Graph.of([Step(flights), Step(lambda flihgts: flihgts, name="features")])
    with pytest.raises(PipelineError, match="did you mean 'flights'"):
        wired.check_parameters(["path"], wired.plan(["features"], ()))


def test_parameters_of_steps_that_do_not_run_need_not_be_there():
    wired = graph(flights, features, model)
    wired.check_parameters(["path"], wired.plan(["features"], ()))


def test_an_output_named_like_another_output_or_step_is_refused():
    halves = Step(lambda flights: (1, 2), name="halves", outputs=("low", "flights"))
    with pytest.raises(PipelineError, match="'halves' has an output 'flights', and so has, or is named, 'flights'"):
        Graph.of([Step(flights), halves])
    others = Step(lambda: (1, 2), name="others", outputs=("low", "high"))
    with pytest.raises(PipelineError, match="'others' has an output 'low', and so has, or is named, 'halves'"):
        Graph.of([Step(lambda: (1, 2), name="halves", outputs=("low", "mid")), others])


def test_a_step_with_several_outputs_can_not_be_taken_as_one():
    halves = Step(lambda path: (1, 2), name="halves", outputs=("low", "high"))
    with pytest.raises(PipelineError, match="'f' takes 'halves' from 'halves', which has several outputs; take one of"):
        Graph.of([halves, Step(lambda halves: 1, name="f")])


def test_annotations_that_can_not_fit_are_refused_naming_both_ends():
    def count(path) -> int:
        return len(path)

    def longest(count: list):
        return max(count)

    with pytest.raises(PipelineError, match="'count' does not fit step 'longest': is annotated to return int"):
        graph(count, longest)
