"""`init`: looks at a repository, and writes what is not there yet."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from dagship.errors import of_system
from dagship.init import listing
from dagship.init import plan as planning
from dagship.init.model import InitResult
from dagship.untrusted import boundary, files
from dagship.workspace import whole


def init(root: Path, *, ci: str, default: str) -> InitResult:
    """Writes dagship.toml, the source of requirements and, when asked, a CI workflow; overwrites nothing.

    Args:
        root: The repository.
        ci: `github`, `gitlab` or empty.
        default: The version of Airflow that is taken where none is named.

    Raises:
        DagshipError: There are no DAGs, or a file cannot be written.

    """
    workflow = dict([planning.ci(ci)]) if ci else {}
    if has_settings(root):
        return _written(root, {**workflow}, InitResult(written=(), kept=(planning.SETTINGS,)))
    plan = planning.plan(listing.read(root), default)
    return _written(root, {**plan.texts, **workflow}, InitResult(written=(), kept=(), saw=plan.saw, left=plan.left))


def has_settings(root: Path) -> bool:
    """Whether the repository has settings of dagship already."""
    if (root / planning.SETTINGS).exists():
        return True
    try:
        document = tomllib.loads(files.read(root / "pyproject.toml").decode("utf-8"))
    except (OSError, ValueError):
        return False
    return "dagship" in document.get("tool", {})


def _written(root: Path, texts: Mapping[str, str], result: InitResult) -> InitResult:
    missing = {}
    for name in texts:
        boundary.check_link(root, Path(name))
        if not (root / name).exists():
            missing[name] = texts[name]
    for name, text in missing.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as file:
                file.write_text(text, encoding="utf-8")
        except OSError as failed:
            raise of_system(failed)(f"{path} cannot be written: {failed.strerror}.", "Fix its permissions.") from failed
    kept = (*result.kept, *(name for name in texts if name not in missing))
    return result.model_copy(update={"written": tuple(missing), "kept": kept})
