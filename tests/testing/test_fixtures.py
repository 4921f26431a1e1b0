"""The fixtures in a run of pytest of its own, as a team would have it."""

import subprocess
import sys

import pytest

from mlopskit import Validator, checks

pytest_plugins = ["pytester"]


@pytest.fixture
def outcome(pytester):
    """Run the tests of a module in another process."""
    pytester.makeconftest('pytest_plugins = ["mlopskit.testing.fixtures"]')

    def run(tests):
        pytester.makepyfile(tests)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider")

    return run


def test_each_test_has_a_store_of_its_own_which_is_the_default(outcome):
    result = outcome(
        """
        import pytest
        from mlopskit import Registry, Store, Tracker

        @pytest.mark.parametrize("time", [1, 2])
        def test_tracker(time, mlopskit_tracker, mlopskit_store, tmp_path):
            assert mlopskit_tracker.runs().empty
            with Tracker().start_run("production code opens the default store"):
                pass
            assert len(mlopskit_tracker.runs()) == 1
            assert Store() == mlopskit_tracker.store == mlopskit_store
            assert not list(tmp_path.iterdir())

        @pytest.mark.parametrize("time", [1, 2])
        def test_registry(time, mlopskit_registry):
            assert mlopskit_registry.models().empty
            mlopskit_registry.register("flight-delays", {"a": 1})
            assert len(Registry().models()) == 1
        """
    )
    result.assert_outcomes(passed=4)


def test_a_suite_beside_the_tests_passes_fails_with_the_whole_report_or_is_missed_by_name(outcome, pytester):
    suite = Validator([checks.NotNull("origin"), checks.Between("distance", 0, 6000)])
    (pytester.path / "suites").mkdir()
    (pytester.path / "suites" / "clean.json").write_text(suite.to_json())
    (pytester.path / "broken.json").write_text("{}")
    result = outcome(
        """
        import pandas as pd
        from mlopskit.testing import assert_valid

        GOOD = pd.DataFrame({"origin": ["JFK", "EWR"], "distance": [2475, 733]})

        def test_good(mlopskit_suite):
            assert assert_valid(GOOD, mlopskit_suite("suites/clean.json")).rows == 2

        def test_bad(mlopskit_suite):
            assert_valid(GOOD.assign(origin=None, distance=-1), mlopskit_suite("suites/clean.json"))

        def test_missing(mlopskit_suite):
            assert_valid(GOOD, mlopskit_suite("gone.json"))

        def test_broken(mlopskit_suite):
            assert_valid(GOOD, mlopskit_suite("broken.json"))
        """
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: ValidationReport: failed (2 failed, 2 rows)",
            "E * failed   origin is never missing * 2 of 2 rows fail*",
            "E * failed   distance is between 0 and 6000 * 2 of 2 rows fail",
        ]
    )
    missing, broken = pytester.path / "gone.json", pytester.path / "broken.json"
    result.stdout.fnmatch_lines([f"E *NotFoundError: there is no suite {missing}: write what Validator.to_json gives*"])
    result.stdout.fnmatch_lines([f"E *FormatError: {broken}: this is not a validator*"])


def test_the_assertions_need_no_pytest():
    program = "import sys; sys.modules['pytest'] = None; from mlopskit.testing import assert_valid"
    subprocess.run([sys.executable, "-c", program], check=True)
