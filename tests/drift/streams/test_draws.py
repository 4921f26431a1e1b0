from __future__ import annotations

import random

import pytest

from mlopskit.drift.streams.draws import draws


@pytest.mark.parametrize(("population", "size"), [(70, 30), (5, 5), (2000, 3)])
def test_draws_are_those_of_sample_from_any_call_on(population, size):
    generator = random.Random(7)
    expected = [generator.sample(range(population), size) for _ in range(600)]
    assert draws(7, population, size, 0, 600).tolist() == expected
    assert draws(7, population, size, 255, 3).tolist() == expected[255:258]
    assert draws(8, population, size, 0, 600).tolist() != expected


def test_draws_come_round_again():
    everything = draws(0, 6, 2, 0, 16_384)
    assert draws(0, 6, 2, 16_384, 16_384).tolist() == everything.tolist()
    assert draws(0, 6, 2, 16_380, 10).tolist() == [*everything[-4:].tolist(), *everything[:6].tolist()]
    assert draws(0, 6, 2, 3, 0).shape == (0, 2)
