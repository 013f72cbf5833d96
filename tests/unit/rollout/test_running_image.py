"""What runs now, asked on the way: a kubeconfig that is no good is no answer, and no error."""

from pathlib import Path

import pytest

from dagship.rollout import running_image


def test_without_a_kubeconfig_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    assert running_image.asking("x", context="", namespace="", selector="") is running_image.Incumbent


@pytest.mark.parametrize("text", ["", "nonsense: [", "apiVersion: v1\nkind: Config\n"])
def test_a_kubeconfig_that_is_none_is_no_answer(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))

    assert running_image.asking("x", context="", namespace="", selector="")() == running_image.Incumbent()
