"""What a package asks of another."""

from dagship.inside.resolve import dependency_paths


def test_what_a_package_asks_of_another_leaves_its_extras_out() -> None:
    requires = [
        "NumPy>=2 ; python_version >= '3'",
        "numpy<3 ; extra == 'x'",
        "six",
        "not a requirement ==",
        "old ; python_version < '3'",
    ]

    assert dependency_paths.asks(requires, "numpy") == [">=2"]
    assert dependency_paths.asks(["numpy<3 ; extra == 'x'"], "numpy") == []
    assert dependency_paths.asks(["numpy<3 ; extra == 'x'"], "numpy", extras=True) == ["<3"]
    assert dependency_paths.asks(requires, "old") == []
