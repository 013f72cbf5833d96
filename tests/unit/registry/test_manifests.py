"""What a registry says of its images, refused where it is of another form than the specification has it."""

import pytest
from pydantic import ValidationError

from dagship.registry.manifests import Manifest, Part, TagList, is_digest

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize("text", [DIGEST, "sha512:" + "b" * 128, "multihash+base58:QmRZxt2b"])
def test_a_digest_is_an_algorithm_and_its_text(text: str) -> None:
    assert is_digest(text)


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", f"{DIGEST}\n", "sha256:a/../b", f"SHA256:{'a' * 64}"])
def test_a_text_that_could_be_more_than_a_part_of_an_address_is_none(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(ValidationError):
        Part(digest=text)


@pytest.mark.parametrize("tag", ["", "-x", "a/b", "a b", "x" * 129, "a\n"])
def test_a_tag_of_another_form_is_refused(tag: str) -> None:
    assert TagList(tags=["1.2_b-3"])
    with pytest.raises(ValidationError):
        TagList(tags=[tag])


def test_a_field_of_another_kind_is_refused() -> None:
    assert Manifest.model_validate({"layers": [{"digest": DIGEST, "size": 1}], "annotations": {}}).manifests is None
    for wrong in ({"layers": "x"}, {"layers": [{"digest": DIGEST, "size": -1}]}, {"config": {"size": 1}}):
        with pytest.raises(ValidationError):
            Manifest.model_validate(wrong)
