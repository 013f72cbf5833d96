"""Which images something still refers to."""

from dagship.prune import choice
from dagship.prune.model import Image, Place, Seen

HERE = Place(context="", namespace="airflow")


def _digest(letter):
    return "sha256:" + letter * 64


def _image(letter, day=1, *, tags=(), own=None, **about):
    tag = f"{letter * 12}-{letter * 12}"
    return Image(
        digest=_digest(letter), tags=tags or (tag,), own_tag=tag if own is None else own,
        created=f"2026-11-{day:02}T00:00:00Z", dag_versions=about.pop("versions", (letter * 12,)), **about,
    )  # fmt: skip


def _seen(mentions=None, pinned=None, place=HERE):
    return Seen(place=place, mentions=mentions or {}, pinned=pinned or {})


def _kept(images, *places, keep=0, pushed=""):
    found = choice.verdicts(images, places or (_seen(),), keep=keep, pushed=pushed)
    return {verdict.digest[7]: verdict.kept_for for verdict in found if verdict.kept_for}


def test_what_nothing_refers_to_is_kept_for_nothing():
    assert {} == _kept([_image("a"), _image("b")])


def test_a_mention_of_the_digest_of_a_tag_or_of_a_part_keeps_an_image():
    images = [_image("a"), _image("b"), _image("c", parts=(_digest("e"), _digest("f"))), _image("d")]

    kept = _kept(
        images,
        _seen(
            {
                _digest("a"): ("statefulset/worker",),
                "bbbbbbbbbbbb-bbbbbbbbbbbb": ("configmap/template",),
                _digest("f"): ("pod/worker-0",),
            }
        ),
    )

    assert {"a": ("statefulset/worker",), "b": ("configmap/template",), "c": ("pod/worker-0",)} == kept


def test_pods_are_not_named_beside_their_workload_and_many_mentions_are_counted():
    where = ("pod/worker-0", "statefulset/worker", "release 1", "release 2", "release 3")

    assert {"a": ("statefulset/worker", "release 1", "release 2", "1 more")} == _kept(
        [_image("a")], _seen({_digest("a"): where})
    )


def test_a_version_that_unfinished_runs_are_pinned_to_keeps_every_image_that_holds_it():
    images = [_image("a", versions=("a" * 12,)), _image("b", versions=("b" * 12, "a" * 12)), _image("c")]

    kept = _kept(images, _seen(pinned={"a" * 12: 2}))

    assert {"a": ("2 unfinished runs on a version in it",), "b": ("2 unfinished runs on a version in it",)} == kept


def test_the_newest_are_kept_by_when_they_were_built():
    assert {"b", "c"} == _kept([_image("a", 1), _image("b", 3), _image("c", 2)], keep=2).keys()


def test_what_push_recorded_last_is_kept():
    assert {"a": ("pushed last from here",)} == _kept([_image("a"), _image("b")], pushed=_digest("a"))


def test_an_image_that_dagship_did_not_make_is_not_judged():
    assert () == choice.verdicts([_image("a", own="", tags=("cache",))], (_seen(),), keep=0)


def test_a_tag_that_a_person_gave_keeps_the_image():
    kept = _kept([_image("a", tags=("aaaaaaaaaaaa-aaaaaaaaaaaa", "production"))])

    assert {"a": ("the tag production, which build did not give it",)} == kept


def test_one_place_of_two_is_named_with_the_reason():
    other = Place(context="prod", namespace="airflow")

    kept = _kept([_image("a")], _seen(), _seen({_digest("a"): ("cronjob/clean",)}, place=other))

    assert {"a": ("cronjob/clean (prod/airflow)",)} == kept


def test_an_image_that_is_a_part_of_one_that_stays_stays():
    images = [_image("a"), _image("b", own="", tags=("all",), parts=(_digest("a"),))]

    assert {"a": ("part of an image that stays",)} == _kept(images)


def test_parts_go_with_their_index_but_for_those_that_another_one_has():
    images = [
        _image("a", parts=(_digest("d"), _digest("e"))),
        _image("b", parts=(_digest("e"),)),
    ]
    found = choice.verdicts(images, (_seen({_digest("b"): ("statefulset/worker",)}),), keep=0)

    assert [(images[0], (_digest("d"),))] == list(choice.unreferenced(images, found))


def test_what_got_a_tag_meanwhile_stays_with_its_parts():
    images = [
        _image("a", parts=(_digest("d"), _digest("e"))),
        _image("b", parts=(_digest("e"), _digest("f"))),
    ]
    found = choice.verdicts(images, (_seen(),), keep=0, pushed="")

    assert [(images[1], (_digest("f"),))] == list(choice.unreferenced(images, found, {_digest("a")}))
    assert [(_digest("e"),), (_digest("e"), _digest("f"))] == [
        parts for _, parts in choice.unreferenced(images, found, {_digest("d")})
    ]


def test_only_what_no_other_image_is_made_of_is_counted_as_freed():
    images = [
        _image("a", blobs={"x": 100, "y": 10}),
        _image("b", blobs={"x": 100}),
        _image("c", blobs={"y": 10, "z": 1}),
    ]
    found = choice.verdicts(images, (_seen({_digest("b"): ("statefulset/worker",)}),), keep=0)

    assert 11 == choice.freed(images, found)


def test_a_place_that_mentions_none_of_the_images_is_known_for_it():
    assert not choice.is_used([_image("a")], _seen({_digest("b"): ("statefulset/worker",)}))
    assert choice.is_used([_image("a")], _seen({_digest("a"): ("release 1",)}))
    assert not choice.is_used([_image("a", own="", tags=("cache",))], _seen({"cache": ("configmap/x",)}))
