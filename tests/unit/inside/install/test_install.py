"""What of a lock is installed, and what is said when it cannot be."""

from dagship.inside.install import main as install

A, B, C = ("sha256:" + letter * 64 for letter in "abc")


def test_only_what_is_missing_is_installed() -> None:
    lock = f"pandas==3.1.1 \\\n    --hash={A}\nNum_Py==2.0 \\\n    --hash={A} \\\n    --hash={B}\nsix==1.17.0 \\\n    --hash={C}\n"

    assert install.missing(lock, {"num-py": "2.0", "six": "1.16.0"}) == [
        f"pandas==3.1.1 \\\n    --hash={A}",
        f"six==1.17.0 \\\n    --hash={C}",
    ]


def test_the_words_about_a_wrong_hash_are_few_enough_to_be_shown() -> None:
    words = (
        "error: Failed\n  cause: Hash mismatch for `x==1`\n\n Expected:\n"
        + "   sha256:00\n" * 50
        + "\n Computed:\n   sha256:11\n"
    )

    assert install.short(words) == "error: Failed\n  cause: Hash mismatch for `x==1`\n Expected:\n Computed:"
    assert len(install.short("line\n" * 50).splitlines()) == 8
