"""Why a workload failed, in Airflow's words where its log allows it."""
