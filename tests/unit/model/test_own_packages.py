"""Packages of the project, in a digest and in words."""

from dagship.model.own_packages import digest_of, not_built


def test_other_sources_have_another_digest() -> None:
    assert digest_of(b"one") == digest_of(b"one")
    assert digest_of(b"one") != digest_of(b"two")
    assert len(digest_of(b"")) == 64


def test_a_package_that_cannot_be_built_is_told_with_the_end_of_what_the_tool_said() -> None:
    error = not_built("libs/ours", "\n".join(f"line {number}" for number in range(50)))

    assert error.exit_code == 1
    assert error.message == "The package libs/ours of the project could not be built to a wheel."
    assert not_built(".", "").message == "The project itself could not be built to a wheel."
    assert error.detail.splitlines() == [f"line {number}" for number in range(35, 50)]
