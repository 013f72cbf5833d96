"""The report of the git sync beside a component: a frozen value, as `status` shows it."""

from typing import Literal

from dagship.model.frozen import Artifact

SyncState = Literal["current", "refused", "held", "unreachable", "failing", "starting", "unknown"]


class SyncFinding(Artifact):
    """An error of a DAG file of a commit.

    Attributes:
        file: Relative to the DAG tree.
        error: The error, one line.

    """

    file: str
    error: str


class SyncReport(Artifact):
    """The report of a pod's git sync.

    Attributes:
        pod: The pod.
        state: `current`; `refused`: a commit has broken DAGs; `held`: runs are in progress; `unreachable`: git does
            not answer; `failing`: it ends again and again; `starting`: nothing was published yet; `unknown`: it could
            not be asked.
        current: The commit that the pod serves, or empty.
        published_at: Since when, ISO 8601 in UTC.
        candidate: The commit that is not published, or empty.
        reason: Why it is not current, one sentence.
        findings: The files that are to blame.
        since: When this state began, ISO 8601 in UTC.
        looked_at: When git was last asked.
        url: Where it comes from, without a password.
        ref: As `branch main`.

    """

    pod: str
    state: SyncState
    current: str = ""
    published_at: str = ""
    candidate: str = ""
    reason: str = ""
    findings: tuple[SyncFinding, ...] = ()
    since: str = ""
    looked_at: str = ""
    url: str = ""
    ref: str = ""
