"""Python that is sent to the container of a scheduler: the standard library, Airflow 2.10 to 3.4 and its SQLAlchemy."""
