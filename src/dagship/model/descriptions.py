"""Descriptions of the settings, and their defaults. Light: each start reads them for the help of flags."""

from pathlib import Path
from typing import NamedTuple

Default = str | int | float | tuple[str, ...] | Path | None


class Description(NamedTuple):
    """A setting's default, and its description for people.

    Attributes:
        default: What it is where nothing gives it.
        what: What it is for. In ASCII: help is printed on any terminal.
        empty: What an empty one stands for.
        commas: Whether a flag or a variable gives several with commas.

    """

    default: Default
    what: str
    empty: str = ""
    commas: bool = False

    @property
    def text(self) -> str:
        """The description on its own, where the default is shown beside it."""
        return f"{self.what}; empty for {self.empty}" if self.empty else self.what

    @property
    def help(self) -> str:
        """The description of a flag, with how several are given and with the default."""
        default = self.empty or (f"{self.default:g}" if isinstance(self.default, float) else str(self.default or ""))
        more = [*(["several with commas"] if self.commas else []), *([f"default: {default}"] if default else [])]
        return f"{self.what} ({'; '.join(more)})" if more else self.what


# In the order of docs/reference/settings.md. Their types, and what they may hold: settings.py.
DESCRIPTIONS = {
    "repository": Description("dagship/airflow", "Repository of the image, without tag"),
    "dags": Description(Path("dags"), "Directory of DAGs to embed"),
    "include": Description(
        (),
        "Directories and modules of the project that DAGs import or read, and that lie elsewhere in it; they are part "
        "of the DAG version",
        commas=True,
    ),
    "prepare": Description(
        (),
        "Commands that make files of the DAG version before it is hashed, each a list of words: "
        '[["python", "dags/generate.py"]]; they run in the image, on a copy, and no shell reads them',
    ),
    "prepare_network": Description(default=False, what="The commands of prepare have a network, and run at each build"),
    "prepare_timeout": Description(600.0, "Limit for all commands of prepare together, seconds"),
    "plugins": Description(None, "Directory of Airflow plugins, for the image; one for all runs, of any DAG version"),
    "config": Description(
        None,
        "Directory of airflow_local_settings.py, log_config.py, webserver_config.py, airflow.cfg, for the image; one "
        "for all runs",
    ),
    "requirements": Description(
        Path("requirements/dags.txt"),
        "What the DAGs need: a lock, or what it is made of: a .in, a requirements.txt, pyproject.toml, uv.lock, "
        "poetry.lock or pylock.toml",
    ),
    "groups": Description((), "Dependency groups of pyproject.toml that the DAGs need", commas=True),
    "optional_dependencies": Description(
        (), "Optional dependencies (extras) of pyproject.toml that the DAGs need", commas=True
    ),
    "never_move": Description(
        default=False, what="Packages of the base never move, even when a line of the requirements asks for it by name"
    ),
    "base": Description("", "Base image", "the one `base` built, else apache/airflow:<airflow>"),
    "airflow": Description("3.3.2", "Version of Airflow"),
    "extras": Description((), "Extras of Airflow for `base`", "a set that runs on Kubernetes", commas=True),
    "constraints": Description(None, "Constraints file for `base` instead of the release day's packages"),
    "system_packages": Description((), "Debian packages to install into the image", commas=True),
    "build_packages": Description(
        (),
        "Debian packages for building source_packages and packages of the project; they stay out of the image",
        commas=True,
    ),
    "ignore": Description(
        (),
        "Patterns of files to leave out, as in .gitignore, besides .dockerignore's; ! takes one back in",
        commas=True,
    ),
    "keep_versions": Description(
        5, "DAG versions in an image, the current one counted; those that unfinished runs need come on top"
    ),
    "previous": Description(
        "", "Image whose DAG versions are kept", "what the cluster runs, else what `push` left here"
    ),
    "view_url_template": Description(
        "",
        "Address that Airflow's page of a DAG version leads to, with {version} in it, as "
        "https://github.com/acme/dags/tree/dags-{version}",
    ),
    "max_file_size": Description(
        10 * 1024 * 1024,
        "Largest file allowed in the DAG directory, bytes; all together may have 20 times that, or 200 MiB",
    ),
    "platform": Description((), "Platforms to build for, as linux/amd64", "the engine's own", commas=True),
    "builder": Description("", "buildx builder", "the current one"),
    # Their commas are BuildKit's.
    "cache_from": Description((), "BuildKit cache source, as type=registry,ref=REF; a TOML array for several"),
    "cache_to": Description((), "BuildKit cache target, as type=registry,ref=REF; a TOML array for several"),
    "pip_conf": Description(None, "pip.conf for package installs; travels as a secret"),
    "ca_cert": Description(
        None,
        "PEM bundle of authorities to trust in builds, else the file that PIP_CERT, SSL_CERT_FILE or "
        "REQUESTS_CA_BUNDLE names; travels as a secret",
    ),
    "index_url": Description(None, "Package index instead of PyPI; travels as a secret"),
    "extra_index_urls": Description((), "Further package indexes; travel as a secret", commas=True),
    "source_packages": Description(
        (), "Packages to build from source, or :all: to allow it for any; others need a wheel", commas=True
    ),
    "import_timeout": Description(30.0, "Limit for importing one DAG file, seconds"),
    "parse_budget": Description(10.0, "Time one DAG file may take to parse, seconds"),
    "container_timeout": Description(3600.0, "Limit for all that `test-image` runs in the image together, seconds"),
    "container_memory": Description(
        0, "Memory for all that `test-image` runs in the image, MiB; 0 for three quarters of the engine's"
    ),
    "strict": Description(default=False, what="Warnings fail the test of an image"),
    "baseline": Description(
        Path("dagship-baseline.toml"), "File of findings that `test-image` accepts until a day, where it is there"
    ),
    "env_file": Description(None, "File of KEY=value lines for the test and for `dev`: AIRFLOW_VAR_X, AIRFLOW_CONN_X"),
    "namespace": Description("", "Kubernetes namespace", "that of the kubeconfig's context"),
    "context": Description("", "Context of the kubeconfig", "the current one"),
    "selector": Description("", "Label selector of the workloads to move, as release=airflow"),
    "workloads": Description((), "Workloads to move, as statefulset/worker", "all that run the image", commas=True),
    "from_image": Description("", "Repository whose place the image takes at its first rollout"),
    "rollout_timeout": Description(
        600.0, "Time a workload may stand still during a rollout, seconds; a pod's grace period comes on top"
    ),
    "served_timeout": Description(
        120.0, "Time in which Airflow may read no further DAG file of what moved, before the rollout fails, seconds"
    ),
    "smoke": Description(
        (),
        "DAGs to prove a DAG version by: each is run once it is served, and a run that does not end well within "
        "rollout-timeout takes it back",
        commas=True,
    ),
    "keep_images": Description(5, "Newest images that `prune` leaves in the registry, whatever refers to them"),
    "places": Description(
        (),
        "Further namespaces that run images of the repository, as CONTEXT/NAMESPACE; for `prune`",
        commas=True,
    ),
    "airflow_url": Description(
        "",
        "Address of Airflow's API, which is asked in place of a command in its scheduler where there is a token; from "
        "the environment alone",
    ),
    "airflow_token": Description(
        None, "Token for Airflow's API, or USER:PASSWORD where Airflow 2 takes that; from the environment alone"
    ),
    "release": Description("airflow", "Name of the release that `install` makes of the chart"),
    "values": Description((), "Values files for the chart; where two say something, the later one counts", commas=True),
}
