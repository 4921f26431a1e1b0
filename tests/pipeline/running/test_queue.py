from hypothesis import given
from hypothesis import strategies as st

from mlopskit.pipeline.running.queue import Queue
from mlopskit.pipeline.step import Step


def step(name):
    return Step(lambda: None, name=name)


def anything(_):
    return True


def test_a_step_that_does_not_fit_is_passed_over_and_keeps_its_place():
    queue = Queue([step("big"), step("small"), step("last")], {"big": [], "small": [], "last": []})
    assert queue.next(lambda each: each.name != "big").name == "small"
    assert queue.next(anything).name == "big"
    assert queue.next(anything).name == "last"
    assert queue.next(anything) is None


def test_steps_that_are_not_in_the_queue_do_not_count():
    assert Queue([step("b")], {"b": ["a"]}).next(anything).name == "b"


@given(st.data(), st.integers(1, 12))
def test_every_step_comes_once_and_after_what_it_needs(data, count):
    names = [f"s{i}" for i in range(count)]
    sources = {
        name: data.draw(st.sets(st.sampled_from(names[:i])) if i else st.just(set())) for i, name in enumerate(names)
    }
    queue, running, done = Queue([step(name) for name in names], sources), [], []
    while len(done) < count:
        while (found := queue.next(anything)) is not None:
            assert sources[found.name] <= set(done)
            running.append(found.name)
        ended = data.draw(st.sampled_from(running))
        running.remove(ended)
        done.append(ended)
        queue.done(ended)
    assert sorted(done) == sorted(names)
