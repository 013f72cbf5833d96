"""The text of the files that `init` writes. Pure."""

from collections.abc import Iterable

from dagship import toml
from dagship.init.model import Setting

_HEAD = """\
# What dagship makes an image of. Every setting: docs/reference/settings.md, and `dagship build --help`.

# Where the image goes, without a tag; the first push needs it.
# repository = "registry.example.com/data/airflow"
"""

GITHUB = """\
# Builds and tests the image of the DAGs at each push; see docs/how-to/ci.md for what else can be done here.
name: dagship
on: [push]
permissions:
  contents: read
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: pip install dagship
      - run: dagship build
      - run: dagship test-image
      - uses: actions/upload-artifact@v4
        if: success() || failure()
        with: {name: reports, path: .dagship/reports, include-hidden-files: true}
      # With `repository` in dagship.toml, and a login to its registry before it:
      # - run: dagship push
      #   if: github.ref == 'refs/heads/main'
"""

GITLAB = """\
# Builds and tests the image of the DAGs at each push; see docs/how-to/ci.md for what else can be done here.
image-of-dags:
  image: docker:28-cli
  services: ["docker:28-dind"]
  variables: {DOCKER_TLS_CERTDIR: /certs}
  before_script:
    - apk add --no-cache git python3 py3-pip
    - python3 -m venv /venv && . /venv/bin/activate && pip install dagship
  script:
    - dagship build
    - dagship test-image
    # With `repository` in dagship.toml, and a login to its registry before it:
    # - dagship push
  artifacts:
    when: always
    paths: [.dagship/reports]
    reports:
      junit: .dagship/reports/test-image.junit.xml
      codequality: .dagship/reports/test-image.codequality.json
"""


def settings(lines: Iterable[Setting]) -> str:
    """Returns dagship.toml; lines of one name are joined."""
    joined: dict[str, Setting] = {}
    for line in lines:
        before = joined.get(line.name)
        if before is not None and isinstance(before.value, tuple) and isinstance(line.value, tuple):
            value = tuple(dict.fromkeys(before.value + line.value))
            joined[line.name] = Setting(name=line.name, value=value, why=f"{before.why}; {line.why}")
        else:
            joined[line.name] = line
    return _HEAD + "".join(
        f"\n# {toml.in_a_line(line.why)}.\n{line.name} = {_value(line.value)}\n" for line in joined.values()
    )


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return toml.quoted(value)
    return f"[{', '.join(map(toml.quoted, value))}]"
