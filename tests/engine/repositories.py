"""Small repositories as people have them: one for each layout and idiom, and what is to be in the image of each."""

from dataclasses import dataclass, field

DAG = """
import pendulum
from airflow import DAG
{imports}

with DAG({name!r}, schedule=None, start_date=pendulum.datetime(2026, 1, 1)):
    pass
"""


def dag(name: str, imports: str = "") -> str:
    return DAG.format(name=name, imports=imports)


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository.

    Attributes:
        airflow: The version that it is for; empty where it does not say.
        files: Its files.
        dags: The DAGs that the test of its image finds, and the file of each.
        there: Files that the image's DAG version has besides those, from its directory on.
        absent: Names that no file of it may have.
        packages: Packages that the image has, and their versions.
        moved: Those of them that the base has in another version.
        left: What `init` says is not carried over, by where it stands.
        wide: Whether it takes the way of another one through the engine, and differs in what unit tests read.

    """

    files: dict[str, str]
    dags: dict[str, str]
    airflow: str = ""
    there: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    wide: bool = False


REPOSITORIES = {
    "a-directory-of-dags": Repository(
        wide=True,
        files={
            "dags/orders.py": dag("orders", "from helpers.tables import ORDERS"),
            "dags/helpers/__init__.py": "",
            "dags/helpers/tables.py": "ORDERS = 'orders'\n",
            "dags/sql/orders.sql": "SELECT 1",
            "dags/.env": "TOKEN=1",
            "tests/test_orders.py": "import orders\n",
            "README.md": "# Orders",
        },
        dags={"orders": "orders.py"},
        there=("dags/helpers/tables.py", "dags/sql/orders.sql"),
        absent=(".env", "README.md", "test_orders.py", "dagship.toml"),
    ),
    "docker-compose": Repository(
        wide=True,
        airflow="3.3.2",
        files={
            "docker-compose.yaml": "x-airflow-common:\n"
            "  image: ${AIRFLOW_IMAGE_NAME:-apache/airflow:3.3.2}\n"
            "  environment:\n"
            "    _PIP_ADDITIONAL_REQUIREMENTS: ${_PIP_ADDITIONAL_REQUIREMENTS:-}\n",
            "dags/visits.py": dag("visits", "from visit_tools.days import DAY"),
            "plugins/visit_tools/days.py": "DAY = 1\n",
            "config/airflow.cfg": "[core]\n",
            "logs/scheduler/latest.log": "a line",
            ".env": "AIRFLOW_UID=50000",
        },
        dags={"visits": "visits.py"},
        absent=("docker-compose.yaml", "latest.log", ".env"),
        left=("config/airflow.cfg",),
    ),
    "astro": Repository(
        files={
            "Dockerfile": "FROM quay.io/astronomer/astro-runtime:13.1.0\n"
            "# Why\nUSER root\nRUN curl --silent https://example.com/tool \\\n  > /usr/bin/tool\nUSER astro\n",
            ".astro/config.yaml": "project:\n  name: clicks\n",
            "airflow_settings.yaml": "airflow:\n  connections: []\n",
            "dags/clicks.py": dag("clicks", "from include.rates import RATE"),
            "include/rates.py": "from shared_by_all import RATE\n",
            "shared_by_all.py": "RATE = 1\n",
            "unused.py": "",
            "packages.txt": "",
            "plugins/README.md": "",
            "tests/dags/test_dag_example.py": dag("of_a_test"),
        },
        dags={"clicks": "clicks.py"},
        there=("include/rates.py", "shared_by_all.py"),
        absent=("unused.py", "test_dag_example.py", "airflow_settings.yaml"),
        left=("Dockerfile:1", "Dockerfile:4", "airflow_settings.yaml"),
    ),
    "composer": Repository(
        wide=True,
        files={
            "dags/stock.py": dag("stock", "STOCK = '/home/airflow/gcs/data/stock.csv'"),
            "data/stock.csv": "1,2\n",
            "plugins/__init__.py": "",
        },
        dags={"stock": "stock.py"},
        absent=("stock.csv",),
        left=("dags/stock.py:4",),
    ),
    "dags-at-the-root": Repository(
        files={
            "load.py": dag("load", "from shared.names import NAME"),
            "shared/__init__.py": "",
            "shared/names.py": "NAME = 'load'\n",
            "reports/weekly.py": dag("weekly"),
            "env/pyvenv.cfg": "",
            "env/lib/installed.py": dag("installed"),
            ".git/config": "",
            ".envrc": "export TOKEN=1",
        },
        dags={"load": "load.py", "weekly": "reports/weekly.py"},
        there=("dags/shared/names.py",),
        absent=("installed.py", "config", ".envrc", "dagship.toml"),
    ),
    "mwaa": Repository(
        wide=True,
        airflow="2.11.2",
        files={
            "requirements.txt": '--constraint "https://example.com/airflow/constraints-2.11.2'
            '/constraints-3.11.txt"\npendulum\n',
            "dags/imports.py": dag("imports"),
            "dags/team/exports.py": dag("exports"),
            "startup.sh": "export REGION=eu\n",
        },
        dags={"imports": "imports.py", "exports": "team/exports.py"},
        absent=("startup.sh",),
        left=("startup.sh",),
    ),
    "uv": Repository(
        wide=True,
        airflow="3.3.2",
        files={
            "pyproject.toml": "[project]\nname = 'flows'\nversion = '1'\nrequires-python = '>=3.10'\n"
            "dependencies = ['toolz']\n",
            "uv.lock": "version = 1\n"
            + "\n".join(
                f"[[package]]\nname = '{name}'\nversion = '{version}'\nsource = {{ registry = 'https://example.com/simple' }}"
                for name, version in {"apache-airflow": "3.3.2", "toolz": "0.12.0"}.items()
            ),
            "airflow/dags/sums.py": dag("sums", "import toolz\nassert toolz.__version__ == '0.12.0'"),
        },
        dags={"sums": "sums.py"},
        absent=("uv.lock", "pyproject.toml"),
    ),
    "requirements-of-pip": Repository(
        wide=True,
        files={
            "requirements.txt": "-r requirements/common.txt\n-c constraints.txt\n",
            "requirements/common.txt": "toolz  # for sums\n",
            "constraints.txt": "toolz==0.12.0\nunused==1.0\n",
            "pipelines/sums.py": dag("sums", "import toolz\nassert toolz.__version__ == '0.12.0'"),
            "pipelines/team/more.py": dag("more"),
        },
        dags={"sums": "sums.py", "more": "team/more.py"},
        absent=("requirements.txt",),
    ),
    "an-image-of-its-own": Repository(
        airflow="2.11.2",
        files={
            "Dockerfile": "ARG AIRFLOW_VERSION=2.11.2\n"
            "FROM apache/airflow:${AIRFLOW_VERSION}-python3.11\n"
            "ENV AIRFLOW__CORE__LOAD_EXAMPLES=False\n"
            "COPY --chown=airflow:root src/company/dags /opt/airflow/dags\n",
            "src/company/__init__.py": "",
            "src/company/dags/__init__.py": "",
            "src/company/dags/prices.py": dag("prices", "from company.names import NAME"),
            "src/company/names.py": "NAME = 'prices'\n",
        },
        dags={"prices": "prices.py"},
        there=("company/names.py",),
        absent=("Dockerfile",),
        left=("Dockerfile:3",),
    ),
    "requirements-as-airflow-documents-them": Repository(
        airflow="3.3.2",
        files={
            "requirements.txt": '--constraint "https://raw.example.test/apache/airflow/constraints-3.3.2/constraints-3.11.txt"\n'
            "apache-airflow==3.3.2  # what we run\n"
            "wcwidth==0.2.14\n"
            "-r requirements/more.txt\n",
            "requirements/more.txt": "-c /usr/local/airflow/dags/limits.txt\nboltons\n",
            "dags/limits.txt": "boltons==21.0.0\n",
            "dags/uses.py": dag("uses", "import boltons"),
        },
        dags={"uses": "uses.py"},
        packages={"boltons": "21.0.0", "wcwidth": "0.2.14"},
        moved=("wcwidth",),
    ),
    "a-project-of-poetrys": Repository(
        airflow="2.11.2",
        files={
            "pyproject.toml": "[tool.poetry]\npackage-mode = false\n"
            '[tool.poetry.dependencies]\npython = "^3.9"\napache-airflow = "2.11.2"\ntoolz = "*"\nboltons = "^21.0"\n',
            "poetry.lock": "".join(
                f'[[package]]\nname = "{name}"\nversion = "{version}"\npython-versions = ">=3.7"\n{marker}\n'
                for name, version, marker in (
                    ("apache-airflow", "2.11.2", ""),
                    ("toolz", "0.11.0", "markers = 'python_version < \"3.6\"'"),
                    ("toolz", "0.12.0", "markers = 'python_version >= \"3.6\"'"),
                    ("boltons", "21.0.0", ""),
                )
            )
            + '[metadata]\nlock-version = "2.1"\npython-versions = "^3.9"\n',
            "dags/uses.py": dag("uses", "import boltons\nimport toolz"),
        },
        dags={"uses": "uses.py"},
        packages={"boltons": "21.0.0", "toolz": "0.12.0"},
    ),
    "astro-with-debian-packages": Repository(
        files={
            "Dockerfile": "FROM astrocrpublic.azurecr.io/runtime:3.1-1\n",
            ".astro/config.yaml": "project:\n  name: trees\n",
            "packages.txt": "# Debian's\ntree\n",
            "requirements.txt": "boltons==24.0.0\n",
            "plugins/growing.py": "from airflow.plugins_manager import AirflowPlugin\n\n\n"
            "class Growing(AirflowPlugin):\n    name = 'growing'\n",
            "dags/trees.py": dag("trees", "import shutil\n\nimport boltons\nassert shutil.which('tree')"),
        },
        dags={"trees": "trees.py"},
        absent=("growing.py", "packages.txt"),
        packages={"boltons": "24.0.0"},
        left=("Dockerfile:1",),
    ),
    "dags-made-of-yaml": Repository(
        wide=True,
        files={
            "dags/factory/make.py": "import pathlib\n\nimport pendulum\nimport yaml\nfrom airflow import DAG\n\n"
            "for path in sorted(pathlib.Path(__file__).parent.glob('of/*.yaml')):\n"
            "    for name in yaml.safe_load(path.read_text())['dags']:\n"
            "        with DAG(name, schedule=None, start_date=pendulum.datetime(2026, 1, 1)) as globals()[name]:\n"
            "            pass\n",
            "dags/factory/of/sales.yaml": "dags: [sales_north, sales_south]\n",
            "dags/factory/of/stock.yaml": "dags: [stock]\n",
            "dags/drafts/half.py": "from airflow import DAG\nimport not_written_yet\n",
            "dags/.airflowignore": "drafts/\n",
        },
        dags=dict.fromkeys(("sales_north", "sales_south", "stock"), "factory/make.py"),
        there=("dags/factory/of/sales.yaml", "dags/.airflowignore"),
    ),
    "airflow-in-a-monorepo": Repository(
        wide=True,
        airflow="3.3.2",
        files={
            "services/web/requirements.txt": "flask==1.0\n",
            "services/web/app.py": "import flask\n",
            "pipelines/requirements.txt": "apache-airflow==3.3.2\nboltons==24.0.0\n",
            "pipelines/dags/costs.py": dag("costs", "import boltons\nfrom rates.table import RATE"),
            "pipelines/dags/rates/__init__.py": "",
            "pipelines/dags/rates/table.py": "RATE = 1\n",
        },
        dags={"costs": "costs.py"},
        there=("dags/rates/table.py",),
        absent=("app.py",),
    ),
    "a-lock-of-pip": Repository(
        wide=True,
        files={
            "pylock.toml": "lock-version = '1.0'\ncreated-by = 'pip'\n"
            + "".join(
                f"[[packages]]\nname = '{name}'\nversion = '{version}'\n[[packages.wheels]]\n"
                f"url = 'https://example.com/{name}-{version}-py3-none-any.whl'\nhashes = {{ sha256 = '{'0' * 64}' }}\n"
                for name, version in {"toolz": "0.12.0", "boltons": "21.0.0"}.items()
            ),
            "dags/uses.py": dag("uses", "import boltons\nimport toolz"),
        },
        dags={"uses": "uses.py"},
        packages={"boltons": "21.0.0", "toolz": "0.12.0"},
    ),
}
