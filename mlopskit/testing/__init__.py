"""What a team's own tests use: the suites that guard production, as assertions in CI.

The fixtures are a plugin of pytest, which nothing else here needs: a ``conftest.py`` beside the tests says
``pytest_plugins = ["mlopskit.testing.fixtures"]``.
"""

from mlopskit.reports.ml_test_page import ml_test_score
from mlopskit.testing.assertion import assert_valid

__all__ = ["assert_valid", "ml_test_score"]
