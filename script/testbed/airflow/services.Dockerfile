# The database and the broker of the testbed's Airflow, from Debian's packages on the base image's own Debian.
ARG BASE
FROM ${BASE}
USER root
RUN apt-get update -q && apt-get install -y -q --no-install-recommends postgresql redis-server \
    && rm -rf /var/lib/apt/lists/* && useradd --uid 999 --user-group services
COPY --chmod=0755 postgres /usr/local/bin/postgres-entrypoint
USER services
# Postgres ends at once, and not when all clients have gone.
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint"]
