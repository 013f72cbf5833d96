"""Plans a thin image: what it is put on, what it brings, and what it is called."""

from collections.abc import Sequence
from dataclasses import replace

from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.image.tree.model import Tree
from dagship.model import thin as thin_
from dagship.model.thin import Thin


def onto(plan: Plan, image: str, digests: Sequence[str], base: Tree, package: bytes) -> Plan:
    """Returns the plan of the same DAGs on an image that runs, in place of all that is below them.

    Args:
        plan: The plan of the whole image.
        image: The image that runs, by digest.
        digests: Whole digests of the DAG versions in it, the current one first.
        base: The current one.
        package: What the new DAG version differs in from that.

    """
    thin = Thin(onto=image, base=base.version, tree=plan.tree.digest, foundation=plan.foundation)
    content = thin_.content(image, plan.tree.digest)
    return replace(
        plan,
        earlier=(base,) if base.digest != plan.tree.digest else (),
        recipe=replace(plan.recipe, onto=image, earlier=()),
        content=content,
        reference=planning.tagged(plan.reference, plan.tree, content),
        thin=thin,
        package=package,
        beneath=tuple(digests),
    )
