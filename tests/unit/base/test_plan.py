"""What a base image is made from and called."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dagship.base import debian
from dagship.base import plan as base_plan
from dagship.base.plan import Plan, default_extras, plan_base
from dagship.errors import UsageError
from dagship.model.reference import Reference
from dagship.resources import programs, resource
from dagship.settings_sources import load


def plan(root: Path, **flags: object) -> Plan:
    return plan_base(load(root, flags), root)


# The tag


def test_the_tag_names_the_release_and_twelve_hex_digits_of_the_rest(tmp_path: Path) -> None:
    reference = plan(tmp_path).reference

    assert reference.name == "dagship/airflow-base"
    assert re.fullmatch(r"3\.3\.2-[0-9a-f]{12}", reference.tag)
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "change",
    [
        {"airflow": "2.11.2"},
        {"extras": ("celery",)},
        {"extras_are_asked_for": True},
        {"constraints": "six==1.17.0\n"},
        {"platform": "linux/riscv64"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_input_changes_the_tag(tmp_path: Path, change: dict[str, object]) -> None:
    one = plan(tmp_path)

    other = replace(one, **change)  # type: ignore[arg-type]

    assert other.reference.tag.partition("-")[2] != one.reference.tag.partition("-")[2]


def test_the_debian_packages_change_the_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan(tmp_path).reference
    monkeypatch.setattr(debian, "PACKAGES", (*debian.PACKAGES, "sl"))

    assert plan(tmp_path).reference != before


@pytest.mark.parametrize("name", ["Dockerfile", "entrypoint", "clean-logs", *base_plan.INSIDE])
def test_the_files_that_the_image_is_made_with_change_the_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = plan(tmp_path).reference
    other = tmp_path / "other"
    other.write_text("other")
    monkeypatch.setattr(base_plan, "resource", lambda path: other if path.endswith(name) else resource(path))

    assert plan(tmp_path).reference != before


def test_how_the_index_is_reached_does_not_change_the_tag(tmp_path: Path) -> None:
    elsewhere = plan(tmp_path, index_url="https://user:password@index.test/simple", ca_cert="ca.pem")

    assert elsewhere.reference == plan(tmp_path).reference


def test_order_and_spelling_of_extras_do_not_change_the_tag(tmp_path: Path) -> None:
    one, other = plan(tmp_path, extras="cncf.kubernetes,celery"), plan(tmp_path, extras="celery,cncf_kubernetes,celery")

    assert one.extras == ("celery", "cncf-kubernetes")
    assert one.reference == other.reference


HOW_THE_INDEX_IS_REACHED = ("__main__.py", "shared/index.py", "shared/installed.py", "tools/main.py")


def test_every_file_that_the_dockerfile_takes_is_in_the_tag() -> None:
    dockerfile = resource("images/base/Dockerfile").read_text()

    copied = re.findall(r"^COPY --from=(inside|files) (?:--\S+ )*(.+) \S+$", dockerfile, re.MULTILINE)

    for context, names in copied:
        in_the_tag = {"inside": (*base_plan.INSIDE, *HOW_THE_INDEX_IS_REACHED), "files": base_plan.FILES}[context]
        taken = {file for name in names.split() for file in (programs(name) if name.endswith("/") else (name,))}
        assert {file for file in taken if not file.endswith("__init__.py")} <= set(in_the_tag)
    assert {"inside", "files"} == {context for context, _ in copied}


# Extras


@pytest.mark.parametrize(("airflow", "only_since_3"), [("2.11.2", False), ("3.0.6", True), ("3.3.2", True)])
def test_the_default_extras_fit_the_major_release(airflow: str, only_since_3: bool) -> None:
    extras = set(default_extras(airflow))

    assert {"celery", "cncf-kubernetes", "fab", "postgres", "redis"} <= extras
    assert ({"git", "standard"} <= extras) is only_since_3
    assert only_since_3 or not {"git", "standard"} & extras


def test_extras_that_the_user_names_take_the_place_of_the_default(tmp_path: Path) -> None:
    assert plan(tmp_path, extras="ssh").extras == ("ssh",)
    assert plan(tmp_path, extras="ssh").extras_are_asked_for
    assert not plan(tmp_path).extras_are_asked_for


def test_a_constraints_file_may_have_pins_markers_and_comments(tmp_path: Path) -> None:
    text = "# of the release\n\nsix==1.17.0  # why\ncolorama==0.4.6 ; sys_platform == 'win32'\n"
    (tmp_path / "constraints.txt").write_text(text)

    assert plan(tmp_path, constraints="constraints.txt").constraints == text
    assert plan(tmp_path, constraints=str(tmp_path / "constraints.txt")).constraints == text


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.test/simple",
        "-r other.txt",
        "six @ https://index.test/six.whl",
        "-e .",
        "./six.whl",
        "six==1.17.0; touch /tmp/x",
        "$(touch /tmp/x)",
    ],
)
def test_a_line_of_the_constraints_that_is_no_constraint_is_refused_by_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "constraints.txt").write_text(f"six==1.17.0\n{line}\n")

    with pytest.raises(UsageError, match=r"^Line 2 of .*constraints\.txt is not a constraint"):
        plan(tmp_path, constraints="constraints.txt")


def test_a_line_of_the_constraints_is_not_shown_beyond_its_name(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("ours @ https://user:hunter2@index.test/ours.whl\n")

    with pytest.raises(UsageError, match="is not a constraint: 'ours…'") as refused:
        plan(tmp_path, constraints="constraints.txt")

    assert "hunter2" not in str(refused.value)


def test_constraints_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="No such file"):
        plan(tmp_path, constraints="absent.txt")
    with pytest.raises(UsageError, match="Is a directory"):
        plan(tmp_path, constraints=".")
    with pytest.raises(UsageError, match="not UTF-8"):
        plan(tmp_path, constraints="binary.txt")


def test_a_platform_of_another_machine_is_answered_with_the_setting_since_base_has_no_flag_for_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="for this machine's") as refused:
        plan(tmp_path, platform="linux/s390x")

    assert "the setting platform" in refused.value.hint
    assert "--platform" not in refused.value.hint
    assert "--base" not in refused.value.hint
