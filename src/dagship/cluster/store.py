"""The cache of one kind: objects by name, never older than those it held before."""

from dagship.cluster.calls import Object
from dagship.cluster.watch import Event


class Store:
    """Objects of one kind, as news and answers come in whatever order.

    Which of two states of an object is newer is told by their resourceVersions, read as numbers: that they can be is
    promised since Kubernetes 1.35, and was so before for every server that keeps its objects in etcd. Where they are
    no numbers, what comes last is taken to be newest.

    Attributes:
        objects: What is there, by name.
        ended: What was deleted since, as it was at last, by uid: how a container ended may be known no earlier.

    """

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.ended: dict[str, Object] = {}
        self._deleted: dict[str, str] = {}

    def replace(self, objects: list[Object], version: str) -> bool:
        """Takes a list as of `version`: what is not in it is gone, unless it is known from later than that.

        Returns:
            Whether an object changed.

        """
        listed = {_name(each) for each in objects}
        gone = [
            name
            for name, item in self.objects.items()
            if name not in listed and not _newer(_version(item), version)
        ]  # fmt: skip
        for name in gone:
            del self.objects[name]
            self._deleted[name] = version
        changed = [self.put(each) for each in objects]
        return bool(gone) or any(changed)

    def take(self, event: Event) -> bool:
        """Takes a piece of news; returns whether an object changed."""
        if event.type == "DELETED":
            return self._delete(event.object)
        return event.type in ("ADDED", "MODIFIED") and self.put(event.object)

    def put(self, item: Object) -> bool:
        """Takes an object, unless a newer state of it is known; returns whether it changed."""
        name, version = _name(item), _version(item)
        before = self.objects.get(name)
        last = self._deleted.get(name, "") if before is None else _version(before)
        if last and (last == version or _newer(last, version)):
            return False
        self.objects[name] = item
        self._deleted.pop(name, None)
        return True

    def _delete(self, item: Object) -> bool:
        name, version = _name(item), _version(item)
        self.ended[str(item["metadata"].get("uid") or "")] = item
        before = self.objects.get(name)
        if before is None or _newer(_version(before), version):
            return False
        del self.objects[name]
        self._deleted[name] = version
        return True


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _version(item: Object) -> str:
    return str(item["metadata"].get("resourceVersion") or "")


def _newer(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() and int(one) > int(other)
