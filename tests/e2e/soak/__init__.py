"""The soak: an Airflow that runs DAGs all the time while their code is delivered anew, again and again."""
