"""Lists the files that Airflow's dag-processor would read: its safe mode and `.airflowignore` decide."""

import os


def files(root: str) -> "list[str]":
    """Returns them, sorted; an archive or a file of another importer of Airflow 3.4 is one of them.

    Raises:
        Exception: What Airflow says of an `.airflowignore` or an importer that cannot be used.

    """
    try:
        from airflow.utils.file import list_py_file_paths
    except ImportError:
        return _of_importers(root)
    return sorted(list_py_file_paths(root))


def _of_importers(root: str) -> "list[str]":
    """As `DagFileProcessorManager._find_files_in_bundle` of Airflow 3.4 does: what an importer lists is in a file."""
    from airflow.configuration import conf
    from airflow.dag_processing.bundles.local import LocalDagBundle
    from airflow.sdk.importers import DagImportError, get_importer_registry
    from airflow.utils.file import find_enclosing_file

    bundle = LocalDagBundle(name="dags-folder", path=root)
    safe_mode = conf.getboolean("core", "DAG_DISCOVERY_SAFE_MODE")
    found = set()
    for _, item in get_importer_registry(bundle.name).list_dag_definitions(bundle, safe_mode=safe_mode):
        named = item.source_reference if isinstance(item, DagImportError) else item.get_relative_loc(bundle.path)
        path = find_enclosing_file(bundle.path / named)
        if path is not None:
            found.add(os.path.normpath(str(path)))
    return sorted(found)
