"""What people see of a failure."""

from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from tests.builders.results import Shown


def test_a_failure_says_where_why_and_what_to_do_in_this_order(shown: Shown) -> None:
    failure = Failure(
        workload="statefulset/worker", pod="worker-0", container="worker", reason="CrashLoopBackOff",
        message="it ended 2 times", meaning="The module acme is missing.", hint="Add it to requirements/dags.in.",
        events=("Pulled: x", "BackOff: y"), log=("Traceback", "ModuleNotFoundError"),
    )  # fmt: skip
    text = shown(show_failure, failure)
    found = [
        text.index(part)
        for part in (
            "✗ statefulset/worker pod worker-0 container worker: CrashLoopBackOff", "The module acme is missing.",
            "it ended 2 times", "Pulled: x", "BackOff: y", "Traceback", "ModuleNotFoundError",
            "→ Add it to requirements/dags.in.",
        )
    ]  # fmt: skip

    assert found == sorted(found)


def test_a_failure_without_a_pod_says_no_more_than_there_is(shown: Shown) -> None:
    text = shown(show_failure, Failure(workload="deployment/x", reason="TimedOut"))

    assert text.split("\n") == ["", "✗ deployment/x: TimedOut", "", ""]


def test_what_the_meaning_says_already_is_not_said_again(shown: Shown) -> None:
    said = "someone deleted it"
    failure = Failure(workload="deployment/x", reason="Deleted", message=said, meaning=f"Here {said}.")

    assert shown(show_failure, failure).count(said) == 1


def test_no_log_line_is_a_command_of_the_ci_system(shown: Shown) -> None:
    line = "::add-mask::password"
    text = shown(show_failure, Failure(workload="w", reason="r", log=(line,), events=(line,)))

    assert text.count(line) == 2
    assert not any(shown_line.lstrip().startswith("::") for shown_line in text.splitlines())
