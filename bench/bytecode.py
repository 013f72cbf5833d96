"""What bytecode in the image is worth each time Airflow starts."""

from bench.project import Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run

_WITHOUT = "dagship/bench:without-bytecode"
_DOCKERFILE = """\
FROM {image}
USER 0
RUN find / -xdev -name __pycache__ -type d -prune -exec rm -r {{}} +
USER 50000
"""


def rows(project: Project, rounds: int) -> list[Row]:
    """`airflow version` in our image, and in the same image with its bytecode taken out."""
    image = project.document("build", "--dags", str(project.dags))["reference"]
    context = project.directory / "without-bytecode"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(_DOCKERFILE.format(image=image), encoding="utf-8")
    run(["docker", "buildx", "build", "--load", "--tag", _WITHOUT, str(context)])

    def version(of: str) -> float:
        return run(["docker", "run", "--rm", of, "airflow", "version"]).seconds

    version(image), version(_WITHOUT)
    pair = alternately(lambda: version(image), lambda: version(_WITHOUT), rounds)
    return [
        ratio_row(
            what="`airflow version` in our image", against="the same image without bytecode", pair=pair, bound=0.6
        )
    ]
