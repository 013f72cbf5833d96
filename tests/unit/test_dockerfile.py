"""The Dockerfile: every branch of the template, and what text from a user cannot become."""

import itertools
import json
import re
import shlex

import pytest

from dagship.dockerfile import Recipe, render, render_preparing
from dagship.errors import UsageError


def recipe(**changes: object) -> Recipe:
    values: dict[str, object] = {
        "base": "apache/airflow:3.3.2",
        "python": "/home/airflow/.local/bin/python",
        "prefix": "/home/airflow/.local",
        "user": "50000",
        "with_runtime": True,
        "dag_version": "3f9c2a71d0b4",
    }
    return Recipe(**(values | changes))  # type: ignore[arg-type]


def instructions(text: str) -> list[str]:
    """The Dockerfile's instructions: comments and blank lines dropped, continuations joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


BUNDLES = """[{"name":"it's $HOME \\\\ #","kwargs":{}}]"""
EARLIER = ("a81e07c455f2", "b81e07c455f2")


def test_the_oldest_version_is_lowest_and_the_current_one_last() -> None:
    added = [line for line in instructions(render(recipe(earlier=EARLIER))) if line.startswith("ADD")]

    assert added == [
        "ADD --link dags/b81e07c455f2.tar /",
        "ADD --link dags/a81e07c455f2.tar /",
        "ADD --link dags/3f9c2a71d0b4.tar /",
    ]


def test_what_airflow_is_told_of_bundles_is_one_quoted_word() -> None:
    (env,) = [line for line in instructions(render(recipe(bundles=BUNDLES))) if line.startswith("ENV")]
    variables = dict(word.partition("=")[::2] for word in shlex.split(env.removeprefix("ENV ")))

    assert variables["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] == BUNDLES
    assert variables["AIRFLOW__DAG_PROCESSOR__STALE_BUNDLE_CLEANUP_INTERVAL"] == "0"
    assert variables["AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL"] == "2"
    assert variables["AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL"] == "0"
    assert variables["AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH"] == "20"
    assert variables["AIRFLOW__CORE__DAGS_FOLDER"] == "/opt/airflow/dag-versions/3f9c2a71d0b4/dags"


def test_what_lies_in_airflows_home_has_a_layer_below_the_dags_and_variables_that_lead_to_it() -> None:
    variables = (("AIRFLOW__CORE__PLUGINS_FOLDER", "/opt/airflow/plugins"),)
    lines = instructions(render(recipe(home="3f9c", environment=variables)))
    (env,) = [line for line in lines if line.startswith("ENV")]

    assert [line for line in lines if line.startswith("ADD")] == [
        "ADD --link home.tar /",
        "ADD --link dags/3f9c2a71d0b4.tar /",
    ]
    assert "AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/plugins" in shlex.split(env)


def test_an_airflow_without_bundles_is_told_of_none() -> None:
    assert "BUNDLE" not in render(recipe())


KNOWN = {"FROM", "USER", "COPY", "RUN", "ENV", "ADD"}
FLAGS = ("with_tools", "with_lock", "with_deps", "with_runtime", "versions_layer", "moves", "with_own")


@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=len(FLAGS))))
@pytest.mark.parametrize(
    "extra", [{}, {"system_packages": ("git", "libpq5=15.1-1")}, {"bundles": "[]", "earlier": ("a81e07c455f2",)}]
)
def test_every_branch_renders_whole_instructions(flags: tuple[bool, ...], extra: dict[str, object]) -> None:
    text = render(recipe(**dict(zip(FLAGS, flags, strict=True)), **extra))

    assert {line.split()[0] for line in instructions(text)} <= KNOWN
    assert text.startswith("FROM apache/airflow:3.3.2 AS base\n")
    assert "{" not in text.replace('["', "")


def test_stages_are_there_when_they_are_wanted() -> None:
    def stages(**changes: object) -> list[str]:
        return re.findall(r"^FROM \S+ AS (\S+)$", render(recipe(**changes)), flags=re.MULTILINE)

    assert stages() == ["base", "runtime"]
    assert stages(with_tools=True, with_deps=True) == ["base", "builder", "tools", "deps", "runtime"]
    assert stages(with_tools=True, with_own=True) == ["base", "builder", "tools", "own", "runtime"]
    both = stages(with_tools=True, with_deps=True, with_own=True)
    assert both == ["base", "builder", "tools", "deps", "own", "runtime"]
    assert stages(with_tools=True, with_lock=True, with_runtime=False) == [
        "base",
        "builder",
        "tools",
        "resolve",
        "lock",
    ]


def test_the_dag_version_is_the_last_layer() -> None:
    layers = [
        line for line in instructions(render(recipe(with_tools=True, with_deps=True))) if line[:4] in ("ADD ", "COPY")
    ]

    assert layers[-1] == "ADD --link dags/3f9c2a71d0b4.tar /"


def test_packages_of_the_project_have_a_layer_above_that_of_the_lock_which_knows_nothing_of_them() -> None:
    without, beside = (
        instructions(render(recipe(with_tools=True, with_deps=True, with_own=own))) for own in (False, True)
    )
    (at,) = [place for place, line in enumerate(beside) if line.startswith("COPY --from=own ")]

    assert beside[at - 1].startswith("COPY --from=deps ")
    deps, own = "FROM builder AS deps", "FROM builder AS own"
    assert (
        beside[beside.index(deps) : beside.index(own)]
        == without[without.index(deps) : without.index("FROM base AS runtime")]
    )
    assert "from=deps" in beside[beside.index(own) + 1]
    assert "from=deps" not in render(recipe(with_tools=True, with_own=True))


def test_the_package_of_ours_adds_no_layer_where_packages_have_one() -> None:
    def added(**changes: object) -> list[str]:
        return [line for line in instructions(render(recipe(**changes))) if "versions.tar" in line]

    assert ["ADD versions.tar /opt/dagship/prefix/"] == added(with_tools=True, with_deps=True)
    assert ["ADD --link versions.tar /"] == added(versions_layer=True)
    assert ["ADD --link versions.tar /"] == added(with_tools=True, with_deps=True, versions_layer=True)


def test_the_image_runs_as_the_bases_user() -> None:
    assert instructions(render(recipe(system_packages=("git",))))[-1] == "USER 50000"
    assert instructions(render(recipe(with_deps=True, moves=True)))[-1] == "USER 50000"
    assert "USER" not in render(recipe())


def test_former_versions_are_taken_out_before_the_packages_come_and_only_when_something_moves() -> None:
    (text, without) = (
        instructions(render(recipe(with_tools=True, with_deps=True, moves=moves))) for moves in (True, False)
    )
    (removal,) = [place for place, line in enumerate(text) if "remove.py" in line]

    assert text[removal + 1].startswith("COPY --from=deps ")
    assert text.index("FROM base AS runtime") < removal
    assert not any("remove.py" in line for line in without)


def test_what_the_bases_user_has_installed_is_seen_by_the_steps_that_look() -> None:
    text = instructions(render(recipe(with_tools=True, with_deps=True, user_base="/home/a b/.local")))

    assert "ENV PYTHONUSERBASE='/home/a b/.local'" in text[: text.index("FROM builder AS tools")]
    assert "PYTHONUSERBASE" not in render(recipe(with_tools=True, with_deps=True))


def test_secrets_are_mounted_only_where_an_index_is_reached() -> None:
    text = render(recipe(with_tools=True, with_deps=True))
    mounted = [line for line in instructions(text) if "type=secret" in line]

    assert len(mounted) == 2
    assert all(" /opt/dagship/inside " in line for line in mounted)


@pytest.mark.parametrize(
    "flags",
    [
        {"with_deps": True},
        {"with_own": True},
        {"with_deps": True, "with_own": True},
        {"with_lock": True, "with_runtime": False},
    ],
)
def test_a_step_with_a_secret_begins_on_an_image_itself(flags: dict[str, object]) -> None:
    """Else some engines read its whole file system before the step (docs/explanation/locking.md)."""
    made: dict[str, list[str]] = {}
    stage = ""
    for line in instructions(render(recipe(with_tools=True, user_base="/home/x/.local", **flags))):
        verb, *words = line.split()
        if verb == "FROM":
            stage = words[-1]
            made[stage] = list(made.get(words[0], []))
        assert "type=secret" not in line or not made[stage]
        if verb in ("RUN", "COPY", "ADD"):
            made[stage].append(verb)

    assert made["tools"] == ["RUN"]


HOSTILE = ["x; evil", "$(evil)", "`evil`", 'x" && evil', "x' && evil", "x \\", "{{ 7 * 7 }}", "# syntax=evil"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["python", "prefix", "system_packages", "user_base"])
def test_hostile_text_stays_one_word_of_one_instruction(field: str, text: str) -> None:
    """Such values cannot pass the settings or come from a sane image; the template holds all the same."""
    value: object = (text,) if field == "system_packages" else text
    rendered = render(recipe(with_tools=True, with_deps=True, **{field: value}))

    kept = json.dumps(text + "/") if field == "prefix" else shlex.quote(text)
    assert kept in rendered
    assert rendered.replace(kept, "").count("evil") == 0


@pytest.mark.parametrize("field", ["python", "system_packages"])
def test_a_lines_end_is_refused(field: str) -> None:
    value: object = ("x\nRUN evil",) if field == "system_packages" else "x\nRUN evil"

    with pytest.raises(UsageError, match="cannot stand in a Dockerfile"):
        render(recipe(with_tools=True, **{field: value}))


def test_a_lines_end_in_a_path_is_escaped() -> None:
    assert "\nRUN evil" not in render(recipe(with_tools=True, with_deps=True, prefix="x\nRUN evil"))


@pytest.mark.parametrize("field", ["base", "user"])
@pytest.mark.parametrize("text", [*HOSTILE, "x\nRUN evil", ""])
def test_what_is_no_plain_word_is_refused(field: str, text: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a Dockerfile"):
        render(recipe(system_packages=("git",), **{field: text}))


@pytest.mark.parametrize(("network", "given"), [(False, True), (True, False)])
def test_commands_are_run_above_the_image_without_a_network_unless_they_are_to_have_one(
    network: bool, given: bool
) -> None:
    image = render(recipe())
    text = render_preparing(recipe(), network=network, memory=1024)

    assert text.startswith(image)
    run, last, copy = instructions(text)[-3:]
    assert ("--network=none" in run) is given
    assert "--mount=type=tmpfs,target=/tmp,size=1024" in run
    assert json.loads(run[run.index("[") :])[-3:] == ["prepare.main", "/opt/dagship/prepare", "/opt/dagship/prepared"]
    assert (last, copy) == ("FROM scratch AS prepared", "COPY --from=prepare /opt/dagship/prepared/ /")
