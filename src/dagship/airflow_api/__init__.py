"""The gateway to Airflow's REST API: it alone speaks HTTP with Airflow."""
