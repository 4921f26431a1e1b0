from graphlib import CycleError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.markup import fragment, graph


@st.composite
def acyclic(draw):
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=8))
    return {
        name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }


STATES = ["done", "cached", "failed", "skipped", "running", "given", "waiting"]


@pytest.fixture(scope="module")
def drawing(drawing):
    """Parse the drawing that is in the box which scrolls."""
    return lambda markup: drawing(markup[markup.index("<svg") :].removesuffix("</div>"))


def _nodes(root, tag):
    return [node for node in root.iter() if node.tag.endswith(tag)]


def _boxes(root):
    names = [node.text for node in _nodes(root, "text")]
    frames = _nodes(root, "rect")
    return {name: (float(frame.get("x")), float(frame.get("width"))) for name, frame in zip(names, frames, strict=True)}


@given(inputs=acyclic())
@settings(max_examples=50)
def test_any_graph_is_drawn_with_every_step_right_of_what_it_needs(drawing, inputs):
    named = {
        f"n{list(inputs).index(name)}": [f"n{list(inputs).index(s)}" for s in sources]
        for name, sources in inputs.items()
    }
    root = drawing(graph(named, title="t"))
    assert graph(named, title="t") == graph(dict(named), title="t")
    if named:
        boxes = _boxes(root)
        assert all(boxes[s][0] + boxes[s][1] < boxes[name][0] for name, sources in named.items() for s in sources)
    drawing(graph(inputs, title="t"))


def test_names_that_are_nobodys_step_are_drawn_just_before_they_are_needed(drawing):
    boxes = _boxes(drawing(graph({"b": ["a"], "c": ["b", "max_depth"]}, title="t")))
    assert boxes["max_depth"][0] == boxes["b"][0]


def test_notes_and_words():
    drawn = graph({"b": ["a"]}, title="t", notes={"b": "cached"})
    assert ">cached<" in drawn
    assert "<desc>b needs a</desc>" in drawn


def test_a_cycle_is_refused():
    with pytest.raises(CycleError):
        graph({"a": ["b"], "b": ["a"]}, title="t")


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_shown_by_a_word_a_mark_and_a_colour_and_read_aloud(drawing, state):
    plain = drawing(graph({"model": []}, title="t"))
    marked = drawing(graph({"model": []}, title="t", states={"model": state}, notes={"model": "1.2 s"}))
    assert [node.text for node in _nodes(marked, "text")] == ["model", f"{state} · 1.2 s"]
    assert len(_nodes(marked, "path")) == len(_nodes(plain, "path")) + 1
    assert _nodes(marked, "path")[0].get("stroke") == _nodes(marked, "rect")[0].get("stroke")
    assert _nodes(marked, "desc")[0].text == f"model is {state}"


def test_no_two_states_have_the_same_mark(drawing):
    marks = [_nodes(drawing(graph({"a": []}, title="t", states={"a": state})), "path")[0].get("d") for state in STATES]
    assert len(set(marks)) == len(STATES)


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="'lost' is not a state of 'a'; use one of: done, cached"):
        graph({"a": []}, title="t", states={"a": "lost"})


def test_parameters_are_round_and_dashed_and_read_aloud(drawing):
    root = drawing(graph({"model": ["depth"]}, title="t", parameters=["depth", "of another run"]))
    depth, model = _nodes(root, "rect")
    assert depth.get("stroke-dasharray")
    assert not model.get("stroke-dasharray")
    assert float(depth.get("rx")) == float(depth.get("height")) / 2
    assert _nodes(root, "desc")[0].text == "model needs depth; depth is a parameter"


def test_whatever_a_step_is_called_is_only_text(skeleton):
    hostile = "</style><script>alert(1)</script>"
    drawn = graph({hostile: ["&"]}, title=hostile, notes={hostile: hostile}, states={hostile: "done"})
    harmless = graph({"a": ["b"]}, title="t", notes={"a": "n"}, states={"a": "done"})
    tags = [tag for tag, _ in skeleton(drawn) if tag not in {"title", "/title"}]  # a long name has a tooltip
    assert tags == [tag for tag, _ in skeleton(harmless) if tag not in {"title", "/title"}]


def test_a_wide_graph_keeps_its_size_and_scrolls(drawing):
    drawn = graph({f"s{i}": [f"s{i - 1}"] if i else [] for i in range(200)}, title="t")
    assert drawn.startswith('<div class="mk-scroll" tabindex="0"')
    assert "max-width: none" in fragment(drawn)
    assert float(drawing(drawn).get("width")) > 200 * 40
