# The database and the broker of the testbed's Airflow, from Debian's packages on the base image's own Debian.
ARG BASE
FROM ${BASE}
USER root
RUN apt-get update -q && apt-get install -y -q --no-install-recommends postgresql redis-server \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 postgres redis /usr/local/bin/
ENTRYPOINT []
