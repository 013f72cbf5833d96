"""What of a serialized DAG says nothing: defaults, and what an operator's class or a release of Airflow adds. Pure.

One release writes a default and another leaves it out; read in the schemas (airflow/serialization/schema.json) and in
what Airflow 2.11, 3.0, 3.1 and 3.3 serialize (tests/unit/diff/normal/serialized).
"""

from collections.abc import Mapping
from typing import Any

OF_DAG: Mapping[str, Any] = {
    "max_active_runs": 16,
    "max_active_tasks": 16,
    "max_consecutive_failed_dag_runs": 0,
    "render_template_as_native_obj": False,
}
OF_TASK: Mapping[str, Any] = {
    "allow_nested_operators": True,
    "do_xcom_push": True,
    "email_on_failure": True,
    "email_on_retry": True,
    "owner": "airflow",
    "pool": "default_pool",
    "pool_slots": 1,
    "priority_weight": 1,
    "queue": "default",
    "retries": 0,
    "retry_delay": 300.0,
    "retry_exponential_backoff": 0,
    "trigger_rule": "all_success",
    "weight_rule": "downstream",
}
RENAMED: Mapping[str, str] = {
    "_concurrency": "max_active_tasks",
    "concurrency": "max_active_tasks",
    "_max_active_tasks": "max_active_tasks",
    "fail_stop": "fail_fast",
    "_task_display_property_value": "task_display_name",
    "_dag_display_property_value": "dag_display_name",
}
"""Names of other releases; a leading underscore goes for all."""

# Where a DAG lies, what follows from its tasks, what a page of Airflow 2 looked like; and what has a place of its own.
DAG_LEFT = frozenset(
    {
        "allowed_run_types", "catchup", "dag_dependencies", "dag_id", "default_args", "default_view", "end_date",
        "fileloc", "orientation", "params", "processor_dags_folder", "relative_fileloc", "schedule_interval",
        "start_date", "tags", "task_group", "tasks", "timetable", "timezone",
    }
)  # fmt: skip
TASK_LEFT = frozenset(
    {
        "disallow_kwargs_override", "downstream_task_ids", "expand_input_attr", "is_empty", "is_mapped", "is_sensor",
        "label", "log_config_logger_name", "logger_name", "needs_expansion", "operator_extra_links", "operator_name",
        "outlets", "params", "partial_kwargs", "python_callable_name", "start_from_trigger", "start_trigger_args",
        "task_id", "task_module", "task_type", "template_ext", "template_fields", "template_fields_renderers",
        "ui_color", "ui_fgcolor",
    }
)  # fmt: skip

DURATIONS = frozenset({"dagrun_timeout", "execution_timeout", "max_retry_delay", "retry_delay", "sla"})
MOMENTS = frozenset({"end_date", "start_date"})
