"""The kind of value that stages hand to one another: frozen, and whole in JSON."""

from pydantic import BaseModel, ConfigDict


class Artifact(BaseModel):
    """A frozen value that JSON holds whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")
