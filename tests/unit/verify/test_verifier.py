"""What a test as a whole comes to."""

from dagship.verify import verifier


def test_a_test_that_is_overdue_says_whether_it_was_in_pytest() -> None:
    importing = verifier.overdue(60, "words", in_tests=False)
    testing = verifier.overdue(60, "words", in_tests=True)

    assert importing.message == "The test as a whole did not end within 60 s, and was stopped."
    assert testing.message == "The test as a whole did not end within 60 s, and was stopped while pytest ran the tests."
    assert importing.traceback == testing.traceback == "words"
