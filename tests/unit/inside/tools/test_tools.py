"""The lock of the resolver and the installer."""

from dagship.resources import resource


def test_the_tools_are_locked_with_hashes() -> None:
    from dagship.lock.pins import parse_lock

    pins = parse_lock(resource("inside/tools/tools.txt").read_text("utf-8"), "tools.txt").pins

    assert {"uv", "pip", "pip-tools", "packaging"} <= {pin.name for pin in pins}
