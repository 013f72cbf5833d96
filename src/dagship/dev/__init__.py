"""A local Airflow of the built image, on the project as it is: `plan` says of what, `runner` runs it."""
