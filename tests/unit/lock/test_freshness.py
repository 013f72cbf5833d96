"""What of a lock holds over a base, and how two locks differ: told from the files."""

from dagship.lock import freshness
from dagship.lock.pins import parse_lock
from tests.builders.locks import BASE, PINS, A, B, current


def test_only_what_the_base_lacks_is_installed() -> None:
    found = freshness.lock_file("dags.txt", parse_lock(PINS, "dags.txt"), BASE)

    assert "pandas" in found.text
    assert "six" not in found.text


def test_a_lock_of_nothing_but_the_bases_packages_installs_nothing() -> None:
    found = freshness.lock_file("dags.txt", parse_lock(f"six==1.17.0 --hash={A}", "dags.txt"), BASE)

    assert (found.text, found.digest) == ("", "")


def test_a_pin_for_another_platform_is_not_installed() -> None:
    locked = parse_lock(
        f'pywin32==1 ; sys_platform == "win32" --hash={A}\nx==1 ; platform_machine == "x86_64" --hash={A}', ""
    )

    assert [pin.name for pin in freshness.applying(locked, BASE)] == ["x"]


def test_a_pin_of_another_platform_that_is_built_for_is_installed_there() -> None:
    locked = parse_lock(f'x==1 ; platform_machine == "aarch64" --hash={A}\ny==1 --hash={A}\n', "")

    assert "x==1" not in freshness.lock_file("", locked, BASE).text
    assert freshness.lock_file("", locked, BASE, ("linux/arm64",)).text.startswith('x==1 ; platform_machine == "aarch')


def test_the_same_version_written_otherwise_moves_nothing() -> None:
    locked = parse_lock(f"six==1.17 --hash={A}", "dags.txt")

    assert freshness.moved(locked.pins, {"six": "1.17.0"}) == ()
    assert freshness.moved(locked.pins, {"six": "1.17.0+company"}) == ()


def test_changes_are_told_package_by_package() -> None:
    before = parse_lock(f"a==1 --hash={A}\nb==1 --hash={A}\nc==1 --hash={A}", "")
    after = parse_lock(f"b==2 --hash={A}\nc==1 --hash={A}\nd==1 --hash={A}", "")

    assert freshness.changes(before, after) == ("- a 1", "~ b 1 → 2", "+ d 1")


def test_a_difference_leaves_hashes_out_when_there_is_another() -> None:
    before = f"pandas==1 \\\n    --hash={A}\n"

    assert freshness.difference(before, f"pandas==2 \\\n    --hash={B}\n", "dags.txt").splitlines()[3:] == [
        "-pandas==1",
        "+pandas==2",
    ]
    assert f"+    --hash={B}" in freshness.difference(before, f"pandas==1 \\\n    --hash={B}\n", "dags.txt")


def test_what_moves_is_installed_too() -> None:
    found = freshness.lock_file("dags.txt", parse_lock(f"six==1.16.0 --hash={A}", "dags.txt"), BASE)

    assert found.text.startswith("six==1.16.0")


def test_a_lock_moves_only_what_was_resolved_over_these_very_packages_and_never_airflow() -> None:
    body = f"six==1.16.0 --hash={A}\napache-airflow==3.3.1 --hash={A}\n"
    other = BASE.model_copy(update={"packages": {**BASE.packages, "idna": "3.10"}})

    def staying(lock: str, *, never_move: bool = False) -> list[str]:
        locked = parse_lock(lock, "dags.txt")
        return [pin.name for pin in freshness.must_stay(locked.pins, locked, BASE, never_move=never_move)]

    assert staying(current("six<1.17", body)) == ["apache-airflow"]
    assert staying(current("six<1.17", body), never_move=True) == ["six", "apache-airflow"]
    assert staying(current("six<1.17", body, other)) == staying(body) == ["six", "apache-airflow"]
