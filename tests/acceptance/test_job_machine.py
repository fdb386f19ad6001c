"""Jobs against a model, in 50 stories of 30 steps that hypothesis makes up."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.acceptance.job_machine import JobMachine


@pytest.mark.timeout(400)
def test_jobs_are_what_the_model_says_in_any_order_of_events() -> None:
    # The same stories each time; benchmarks/faults.py makes up new ones.
    stories = settings(max_examples=50, stateful_step_count=30, deadline=None, derandomize=True, database=None)

    run_state_machine_as_test(JobMachine, settings=stories)
