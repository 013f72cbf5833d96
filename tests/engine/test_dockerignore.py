"""What a real build leaves out for the lines of a `.dockerignore`: what the unit tests expect is so."""

from pathlib import Path

from dagship.engine import builds
from tests.builders.dockerignores import CASES, FILES


def test_the_recorded_files_are_those_that_docker_leaves_out(tmp_path: Path) -> None:
    """All of them in one build, each from a context of its own: Docker reads one such file for each."""
    stages = []
    for number, text in enumerate(CASES):
        context = tmp_path / f"case{number}"
        for file in FILES:
            (context / file).parent.mkdir(parents=True, exist_ok=True)
            (context / file).write_text("")
        (context / ".dockerignore").write_text(text)
        stages.append(f"COPY --from=case{number} . /case{number}/")
    (tmp_path / "empty").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n" + "\n".join(stages) + "\n")
    request = builds.Build(
        context=tmp_path / "empty",
        dockerfile=tmp_path / "Dockerfile",
        contexts={f"case{number}": str(tmp_path / f"case{number}") for number in range(len(CASES))},
        outputs=(f"type=local,dest={tmp_path / 'out'}",),
    )
    builds.build(request)

    for number, (text, left_out) in enumerate(CASES.items()):
        out = tmp_path / "out" / f"case{number}"
        found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {".dockerignore"}
        assert (text, found) == (text, set(FILES) - set(left_out))
