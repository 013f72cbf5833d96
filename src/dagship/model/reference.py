"""Image references: parsed once, strictly, with no implied tag.

The grammar is that of the distribution project's `reference` package (the one Docker and every registry use):
`[domain/]path[:tag][@digest]`, path components in lower case.
"""

import re
from dataclasses import dataclass, replace

from dagship.errors import UsageError

_HOST_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    rf"(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_NAME_LIMIT = 255


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An image reference.

    Attributes:
        name: Repository with its registry, as the user wrote it: `localhost:5000/team/airflow`.
        tag: Tag, or empty.
        digest: `sha256:` and 64 hex digits, or empty.

    """

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Reads a reference.

        Raises:
            UsageError: `text` is not an image reference.

        """
        match = _REFERENCE.fullmatch(text)
        if match is None or len(text) > _NAME_LIMIT + 200:
            raise UsageError(
                f"{text!r} is not an image reference.",
                "Write it as [registry[:port]/]repository[:tag][@sha256:digest], the repository in lower case.",
            )
        domain, path = match["domain"], match["path"]
        if domain is not None and not _is_domain(domain):
            _check_lower_case(text, domain)
        name = f"{domain}/{path}" if domain else path
        return cls(name=name, tag=match["tag"] or "", digest=match["digest"] or "")

    @classmethod
    def repository(cls, text: str) -> "Reference":
        """Reads a reference that must have neither tag nor digest.

        Raises:
            UsageError: `text` is not the name of a repository.

        """
        reference = cls.parse(text)
        if reference.tag or reference.digest:
            raise UsageError(
                f"{text!r} names a tag or a digest where a repository is wanted.",
                f"Write {reference.name!r}; the tag is made from the content.",
            )
        return reference

    def tagged(self, tag: str) -> "Reference":
        """Returns the same repository under `tag`, without a digest."""
        return replace(self, tag=tag, digest="")

    def pinned(self, digest: str) -> "Reference":
        """Returns the same repository at `digest`, without a tag."""
        return replace(self, tag="", digest=digest)

    @property
    def registry(self) -> str:
        """Host and port of the registry, empty for the engine's default."""
        first, slash, _ = self.name.partition("/")
        return first if slash and _is_domain(first) else ""

    def __str__(self) -> str:
        """The reference as Docker takes it."""
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def _is_domain(part: str) -> bool:
    """Docker's rule: a first component is a registry when it has a dot, a port or a capital, or is `localhost`."""
    return "." in part or ":" in part or part == "localhost"


def _check_lower_case(text: str, component: str) -> None:
    if not re.fullmatch(_COMPONENT, component):
        raise UsageError(
            f"{text!r} is not an image reference: {component!r} is neither a registry nor a lower-case repository.",
            "Repositories are in lower case; a registry has a dot or a port, or is localhost.",
        )
