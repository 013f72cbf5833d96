"""What was seen in an image, and the verdict on it."""

from collections.abc import Collection
from typing import Any

from dagship.model.verify_report import Finding
from dagship.verify import verdict
from dagship.verify.observation import (
    Observation,
    Packages,
    Seen,
    SeenDag,
    SeenError,
    SeenFile,
    SeenVersion,
)

ROOT = "/opt/airflow/dag-versions/3f9c2a71d0b4/dags"


def traced(error: str, line: int = 7, file: str = "sales.py") -> str:
    return f'Traceback (most recent call last):\n  File "{ROOT}/{file}", line {line}, in <module>\n    x\n{error}\n'


def file(name: str = "sales.py", **facts: Any) -> SeenFile:
    nothing: dict[str, Any] = {
        "seconds": 0.1, "dags": (), "twice": (), "errors": (), "network": (), "warnings": (), "varying": "",
    }  # fmt: skip
    return SeenFile(file=name, seen=Seen(**{**nothing, **facts}))


def failed(text: str, phase: str = "import", **facts: Any) -> SeenFile:
    return file(errors=(SeenError(phase=phase, dag="sales", text=text, line=0),), **facts)


def dag(dag_id: str, line: int = 3) -> SeenDag:
    return SeenDag(id=dag_id, line=line)


def image(*files: SeenFile, code: int = 0, output: str = "", **facts: Any) -> Observation:
    packages = Packages(tool="uv", code=code, output=output)
    known = {"python": "3.12.4", "airflow": "3.3.2", "root": ROOT, "failed": ""}
    return Observation(**{**known, **facts}, files=files, packages=packages)


def judged(
    seen: Observation, expected: str = "3.3.2", budget: float = 10.0, untouched: Collection[str] = ()
) -> list[Finding]:
    found = verdict.findings(seen, expected_airflow=expected, parse_budget=budget, untouched=untouched)
    return list(verdict.ordered(found, mask=lambda text: text.replace("hunter2", "***")))


def only(seen: Observation, **options: Any) -> Finding:
    (found,) = judged(seen, **options)
    return found


def earlier(*files: SeenFile, **facts: Any) -> SeenVersion:
    known = {"version": "a81e07c455f2", "root": "/opt/airflow/dag-versions/a81e07c455f2/dags", "failed": ""}
    return SeenVersion(**{**known, **facts}, files=files)
