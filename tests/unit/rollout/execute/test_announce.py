"""One write brings what an announcement takes; what others wrote, and what runs need, is not lost by it."""

from typing import Any

import pytest

from dagship.airflow.activity import Activity, RunCount
from dagship.cluster.failures import Conflict
from dagship.errors import OutsideError, Refused
from dagship.model.thin import CURRENT, MOST
from dagship.record import announced
from dagship.record.model import Change, Move, Release
from dagship.rollout.execute import announce
from dagship.rollout.execute.announce import Needs, Written
from dagship.rollout.plan import drift
from tests.builders import thin
from tests.builders.namespace import Namespace

NAME = "dagship-dags"
HALF = MOST // 2 + 1


def fetch(image: str) -> bytes:
    return image.encode()


def large(image: str) -> bytes:
    return image[-1:].encode() * HALF


def needs(fetch: Any = fetch, *, runs: tuple[str, ...] | None = (), releases: tuple[Release, ...] = ()) -> Needs:
    counted = tuple(RunCount(version=version, state="running", runs=1) for version in runs or ())
    said = None if runs is None else Activity(airflow="3.3.2", baked=True, held=(thin.BASE,), runs=counted)
    return Needs(fetch=fetch, activity=said, releases=releases)


def release(version: str, image: str) -> Release:
    facts = thin.target(version, image).facts(Release)
    return Release(number=1, kind="rollout", image=image, when="", **facts)


def value(version: str = thin.V6, image: str = thin.T6) -> str:
    return announced.value(thin.announcement(version, image))


def move(before: str | None, after: str | None) -> Move:
    change = Change(field="announced", name=CURRENT, before=before, after=after)
    return Move(kind="ConfigMap", name=NAME, role="announcement", changes=(change,))


def write(namespace: Any, one: Move, of: Needs | None = None, **more: Any) -> Written:
    return announce.write(namespace, one, drift.own_values([one], None), of or needs(), **more)


def there(namespace: Namespace) -> announced.Announced:
    return announced.read(namespace.kept["ConfigMap"].get(NAME))


def test_where_there_is_none_it_is_made_with_all_that_it_takes() -> None:
    namespace = Namespace()
    written = write(namespace, move(None, value()))

    assert written == Written(thin.V6, int(namespace.now))
    assert there(namespace).packages == {thin.V6: thin.packaged(size=len(thin.T6))}
    assert namespace.kept["ConfigMap"][NAME]["binaryData"].keys() == {f"{thin.V6}.tgz"}


def test_a_package_that_is_there_is_not_fetched_again() -> None:
    namespace = Namespace(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"abc", v6=b"abc"))
    written = write(namespace, move(value(thin.V5, thin.T5), value()), needs(announce.no_registry))

    assert written.version == thin.V6
    assert there(namespace).packages.keys() == {thin.V5, thin.V6}


def test_what_says_it_already_is_not_written() -> None:
    namespace = Namespace(thin.config_map(thin.announcement(serial=4), v6=b"abc"))

    assert write(namespace, move(value(), value())) == Written(thin.V6, 4)
    assert namespace.patched == []


def test_a_package_that_is_missing_under_what_is_announced_is_brought_and_nothing_is_announced_anew() -> None:
    namespace = Namespace(thin.config_map(thin.announcement(serial=4)))

    assert write(namespace, move(value(), value())) == Written(thin.V6, 4)
    assert there(namespace).packages.keys() == {thin.V6}


def test_back_to_the_images_own_nothing_is_fetched_and_its_version_is_waited_for() -> None:
    namespace = Namespace(thin.config_map(thin.announcement(), v6=b"abc"))

    assert write(namespace, move(value(), None), needs(announce.no_registry)) == Written(thin.BASE, 0)
    assert there(namespace).announcement is None
    assert there(namespace).packages.keys() == {thin.V6}


def test_back_from_one_that_was_cut_off_the_images_own_version_is_waited_for_as_well() -> None:
    namespace: Any = Namespace(thin.config_map(thin.announcement(), v6=b"abc"))
    own = drift.own_values([move(None, value())], None)

    assert announce.write(namespace, move(None, None), own, needs()) == Written(thin.BASE, 0)
    assert announce.write(namespace, move(None, None), own, needs()) == Written("", 0)


def test_a_version_of_the_image_takes_no_package() -> None:
    namespace = Namespace(thin.config_map(thin.announcement(), v6=b"abc"))

    assert write(namespace, move(value(), value(thin.V5, "")), needs(announce.no_registry)).version == thin.V5


def test_what_somebody_else_announced_stays() -> None:
    namespace = Namespace(thin.config_map(thin.announcement("9" * 12, thin.T5)))

    with pytest.raises(Refused, match=f"current says DAG version {'9' * 12} instead of the image's own DAGs"):
        write(namespace, move(None, value()))
    assert namespace.patched == []


def test_a_dry_run_writes_nothing() -> None:
    namespace = Namespace()
    write(namespace, move(None, value()), dry_run=True)

    assert namespace.kept["ConfigMap"] == {}


def test_one_that_is_written_without_pause_ends_it() -> None:
    class Restless(Namespace):
        def patch(self, *_: Any, **__: Any) -> Any:
            raise Conflict("changed meanwhile")

    with pytest.raises(OutsideError, match="was changed by someone else 5 times in a row"):
        write(Restless(thin.config_map()), move(None, value()))


# What runs need.


def test_a_new_config_map_gets_what_unfinished_runs_began_on_as_well() -> None:
    namespace, releases = Namespace(), (release(thin.V5, thin.T5), release(thin.V6, thin.T6))
    write(namespace, move(None, value()), needs(runs=(thin.V5, thin.BASE), releases=releases))

    assert there(namespace).packages.keys() == {thin.V5, thin.V6}


def only(image: str) -> Any:
    """A registry that has one image."""
    return lambda asked: fetch(asked) if asked == image else announce.no_registry(asked)


def test_it_takes_airflows_answer_where_not_all_that_was_announced_can_be_had_or_has_room() -> None:
    before = (release(thin.V5, thin.T5),)
    empty: Any = Namespace()
    there: Any = Namespace(thin.config_map(None, v5=b"abc"))

    def asks(namespace: Any, of: Any = fetch, after: str | None = value()) -> bool:
        one = move(None if after else value(), after)
        return announce.asks(namespace, one, needs(of, runs=None, releases=before))

    assert not asks(empty)
    assert asks(empty, only(thin.T6))
    assert asks(empty, large)
    assert not asks(there, only(thin.T6))
    assert asks(there, lambda _: b"x" * MOST)
    assert not asks(empty, announce.no_registry, after=None)
    with pytest.raises(OutsideError, match=f"package of {thin.T6} cannot be had"):
        asks(empty, only(thin.T5))


@pytest.mark.parametrize(
    ("of", "come"),
    [(fetch, {thin.V5, thin.V6}), (only(thin.T6), {thin.V6}), (large, {thin.V6})],
)
def test_where_airflow_was_not_asked_a_new_config_map_gets_all_that_can_be_had_and_has_room(
    of: Any, come: set[str]
) -> None:
    namespace = Namespace()
    write(namespace, move(None, value()), needs(of, runs=None, releases=(release(thin.V5, thin.T5),)))

    assert there(namespace).packages.keys() == come


def test_a_package_that_a_run_needs_and_nobody_has_stops_it() -> None:
    namespace = Namespace()
    with pytest.raises(OutsideError, match=f"package of {thin.T5} cannot be had"):
        write(
            namespace,
            move(None, value()),
            needs(only(thin.T6), runs=(thin.V5,), releases=(release(thin.V5, thin.T5),)),
        )

    assert namespace.kept["ConfigMap"] == {}


@pytest.mark.parametrize(("runs", "stay"), [((), {thin.V6}), ((thin.V5,), None), (None, None)])
def test_what_no_run_needs_goes_for_another_and_nothing_goes_where_that_is_not_known(
    runs: tuple[str, ...] | None, stay: set[str] | None
) -> None:
    namespace: Any = Namespace(thin.config_map(None, v5=b"5" * HALF))
    one = move(None, value())
    of = needs(large, runs=runs)

    assert (announce.no_room(namespace, one, of) == "") is (stay is not None)
    if stay is None:
        with pytest.raises(Refused, match=r"what differs takes 257 KiB beside the 257 KiB"):
            write(namespace, one, of)
    else:
        write(namespace, one, of)
    assert there(namespace).packages.keys() == (stay or {thin.V5})


def test_what_is_announced_does_not_go_for_another_since_runs_begin_on_it_until_that_is_served() -> None:
    namespace: Any = Namespace(thin.config_map(thin.announcement(thin.V5, thin.T5), v5=b"5" * HALF))
    one = move(value(thin.V5, thin.T5), value())

    with pytest.raises(Refused, match="beside the 257 KiB that runs need or may begin on"):
        write(namespace, one, needs(large))
    assert there(namespace).packages.keys() == {thin.V5}


def test_once_every_pod_has_moved_only_what_runs_need_and_no_image_holds_stays() -> None:
    def swept(runs: tuple[str, ...] | None, *held: str) -> set[str]:
        namespace: Any = Namespace(thin.config_map(None, v5=b"abc", v6=b"abc"))
        gone = announce.sweep(namespace, NAME, held, needs(runs=runs))
        assert set(gone) == {thin.V5, thin.V6} - there(namespace).packages.keys()
        return set(there(namespace).packages)

    assert swept(()) == set()
    assert swept((thin.V5,)) == {thin.V5}
    assert swept((thin.V5,), thin.V5) == set()
    assert swept(None, thin.V5) == {thin.V6}


def test_what_is_announced_is_never_swept() -> None:
    namespace: Any = Namespace(thin.config_map(thin.announcement(serial=4), v6=b"abc"))

    assert announce.sweep(namespace, NAME, (thin.V6,), needs()) == ()
    assert announce.sweep(Namespace(), NAME, (), needs()) == ()  # type: ignore[arg-type]
