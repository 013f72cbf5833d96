"""Patterns with many stars, matched in bounded time."""

import re
from random import Random

from dagship.image.tree import globs


def test_many_stars_mean_what_few_mean() -> None:
    random = Random(1)
    signs = ["a", "b", "/", "[^a]", globs.NAMES, globs.NAMES, globs.DIRECTORIES]
    fitting = 0
    for _ in range(5000):
        parts = random.choices(signs, k=random.randint(1, 8)) + random.choice([[], [globs.ANY]])
        path = "".join(random.choices("ab/", k=random.randint(0, 9)))
        expected = re.fullmatch("".join(parts), path)
        fitting += expected is not None

        assert (globs.ManyStars(tuple(map(re.compile, parts))).fullmatch(path) is None) is (expected is None), parts
    assert fitting > 100
