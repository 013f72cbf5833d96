"""DAG trees that tests share."""

from pathlib import Path

from dagship.image.tree.model import Tree, TreeFile

# Found once, by trying 68 million numbers: the SHA-256 of both trees begin with the same twelve digits.
COLLIDING = (
    "from airflow import DAG\n\nDAG('one', schedule=None)  # 0073f8f8\n",
    "from airflow import DAG\n\nDAG('two', schedule=None)  # 007bc61d\n",
)


def colliding() -> tuple[Tree, Tree]:
    """Two trees, each with the file `a.py` alone, that have one version id."""
    one, other = (
        Tree(source=Path("/x"), files=(TreeFile(path="a.py", executable=False, content=text.encode()),))
        for text in COLLIDING
    )
    return one, other
