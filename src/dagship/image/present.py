"""Shows the result of a build to people."""

from dagship.image.tree.model import Tree
from dagship.model.artifacts import BuiltImage
from dagship.model.quantities import size
from dagship.terminal.console import Console

_MOST_NAMES = 5


def left_out(tree: Tree) -> tuple[str, ...]:
    """Returns what to say of files that stayed out by themselves: a sentence for each reason."""
    sentences = []
    for why in dict.fromkeys(why for _, why in tree.left_out):
        names = [path for path, other in tree.left_out if other == why]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        sentences.append(f"left out, since it {why}: {', '.join(names[:_MOST_NAMES])}{more}")
    return tuple(sentences)


def alone(onto: str, package: bytes) -> str:
    """Returns what to say where the DAG version goes alone.

    Args:
        onto: The image that runs.
        package: What is sent to it.

    """
    return f"the new DAG version alone, since all else of {onto} stays: {size(len(package))}, and no pod is replaced"


def show_built(console: Console, image: BuiltImage) -> None:
    """Prints the layers, the seconds of each stage, and what the image is."""
    if image.layers:
        console.table(
            "",
            ["layer", ">bytes on disk"],
            [[layer.what, f"{layer.bytes:,}"] for layer in image.layers],
        )
    if image.seconds:
        console.say("")
        console.table(
            "", ["stage", ">seconds"], [[stage, f"{seconds:.2f}"] for stage, seconds in image.seconds.items()]
        )
    if image.moved:
        console.say("")
        console.table(
            "",
            ["package of the base", "was", "is", "asked for by"],
            [[each.name, each.was, each.now, each.by] for each in image.moved],
        )
    fields = {"image": image.reference}
    fields |= {"id": image.id} if image.id else {}
    fields |= {"digest": image.digest} if image.digest else {}
    fields |= {"DAG version": image.dag_version}
    fields |= {"onto": image.thin.onto} if image.thin is not None else {}
    fields |= {"kept beside it": ", ".join(image.dag_versions[1:])} if image.dag_versions[1:] else {}
    fields |= {"Airflow": image.airflow, "base": image.base}
    fields |= {"size": size(image.size)} if image.size else {}
    fields |= {"state": "was there already; nothing was built"} if image.reused else {}
    console.summary(fields)
