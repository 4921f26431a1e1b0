import json

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.multivariate.text import TextProfile
from mlopskit.errors import NotFittedError, ValidationError

WORDS = [f"word{number}" for number in range(3000)]
ZIPF = 1 / np.arange(1, 3001)


def texts_of(random, rows, *, length=20, words=WORDS):
    lengths = random.poisson(length, rows)
    drawn = random.choice(words, lengths.sum(), p=ZIPF / ZIPF.sum())
    return pd.Series([" ".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])])


def p_values(report):
    return {result.test: result.p_value for result in report.results}


@pytest.fixture(scope="module")
def profile():
    return TextProfile().fit(texts_of(np.random.default_rng(0), 1000))


def test_false_alarms_though_every_batch_has_new_words(most_alarms):
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        profile = TextProfile().fit(texts_of(random, 400))
        found.append(list(p_values(profile.detect(texts_of(random, 200))).values()))
    assert ((np.array(found) < 0.05).sum(axis=0) <= most_alarms(60, 0.05)).all()


def test_longer_texts_of_the_same_words(profile):
    found = profile.detect(texts_of(np.random.default_rng(1), 300, length=25))
    assert p_values(found)["text length"] < 1e-9
    assert p_values(found)["out of vocabulary"] > 0.001
    assert found.results[0].details[0].startswith("typical length 1")


def test_new_words_at_the_same_length(profile):
    words = [*WORDS[:200], *(f"novel{number}" for number in range(200, 3000))]
    found = profile.detect(texts_of(np.random.default_rng(1), 300, words=words))
    assert p_values(found)["out of vocabulary"] < 1e-9
    assert found.drifted
    assert "new words in a text" in found.results[1].details[0]


def test_the_same_words_in_other_shares(profile):
    words = [WORDS[number] for number in np.random.default_rng(5).permutation(300)] + WORDS[300:]
    found = p_values(profile.detect(texts_of(np.random.default_rng(1), 300, words=words)))
    assert found["vocabulary"] < 1e-9
    assert found["out of vocabulary"] > 1e-4


def test_numbers_of_a_text_by_hand():
    profile = TextProfile().fit(pd.Series(["One two two, THREE.", "one four"] * 30))
    numbers = profile._numbers(["three five", "", "two two"])
    assert numbers[:, 2].tolist() == [0.5, 0, 0]
    assert numbers[:, 3:].sum(axis=1).tolist() == [1, 0, 1]
    assert numbers[2, 3:].max() == 1


def test_chunks_give_the_same_answer(profile):
    texts = texts_of(np.random.default_rng(1), 3000)
    chunks = [texts.iloc[2500:], texts.iloc[:2500]]
    assert profile.detect(chunks) == profile.detect(texts)
    chunked = TextProfile().fit([texts.iloc[:1000], texts.iloc[1000:]])
    assert chunked.reference_.rows == 2500


def test_no_text_is_kept_and_it_comes_back_from_json(profile):
    kept = json.dumps(profile.to_json(), allow_nan=False)
    assert "word" not in kept
    current = texts_of(np.random.default_rng(1), 100)
    assert TextProfile.from_json(json.loads(kept)).detect(current) == profile.detect(current)


@pytest.mark.parametrize("rows", [0, 1, 100])
def test_there_is_always_an_answer(rows):
    for texts in (pd.Series(["same"] * 100), pd.Series([""] * 100), pd.Series(["a", None] * 50)):
        report = TextProfile().fit(texts).detect(texts.head(rows))
        assert not report.drifted
        assert all(np.isfinite([each.statistic, each.p_value, each.effect]).all() for each in report.results)


def test_the_order_of_texts_and_chunks_without_any_make_no_difference():
    texts, current = (texts_of(np.random.default_rng(seed), rows) for seed, rows in ((1, 700), (2, 200)))
    expected = TextProfile().fit(texts).detect(current)
    for order in (texts.sort_values(), texts.sample(frac=1, random_state=0)):
        assert TextProfile().fit([texts.head(0), pd.Series([None]), order]).detect(current) == expected


def test_a_fit_that_fails_changes_nothing():
    texts = texts_of(np.random.default_rng(1), 300)
    profile = TextProfile().fit(texts)
    expected = profile.detect(texts)
    with pytest.raises(TypeError, match="a Series of texts is needed here, or an iterable of such, not a int"):
        profile.fit([texts + " more", 5])
    assert profile.detect(texts) == expected
    fresh = TextProfile()
    with pytest.raises(TypeError):
        fresh.fit([texts, 5])
    with pytest.raises(NotFittedError, match="call fit"):
        fresh.detect(texts)


@pytest.mark.parametrize("texts", ["secret", ["secret"], pd.DataFrame({"secret": ["a"]}), 5, None])
def test_what_is_no_series_is_named_by_its_type(texts):
    with pytest.raises(TypeError, match=r"a Series of texts is needed here.*not a (str|int|NoneType)") as told:
        TextProfile().fit(texts)
    assert "secret" not in str(told.value)


def test_misuse_is_told():
    with pytest.raises(NotFittedError, match="call fit"):
        TextProfile().to_json()
    with pytest.raises(NotFittedError, match="call fit"):
        TextProfile().detect(pd.Series(["a"]))
    with pytest.raises(ValidationError, match="no texts"):
        TextProfile().fit(pd.Series([None], dtype=object))
    with pytest.raises(ValueError, match=r"TextProfile\(alpha=0\): give a number between 0 and 1"):
        TextProfile(alpha=0)
    with pytest.raises(ValueError, match=r"TextProfile\(min_effect=2\): give a number from 0 to 1"):
        TextProfile(min_effect=2)
