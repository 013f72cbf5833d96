"""Says whether a release is well: healthy.py URL COMPONENTS [WORKER:PORT...]

Each of the components is healthy as far as Airflow knows of it, and the logs of every worker can be reached by its
name. Only those that the values ask for count: Airflow remembers one that is gone. Tries for two minutes; ends with
status 1 and a sentence for each thing that is wrong.
"""

import json
import socket
import sys
import time
import urllib.request

_PATIENCE = 120


def wrong(url: str, components: list, workers: list) -> list:
    """Returns what is wrong now."""
    found = []
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            health = json.load(answer)
    except (OSError, ValueError) as failed:
        return ["%s does not answer: %s" % (url, failed)]
    for component, state in sorted(health.items()):
        # What this Airflow does not run apart from its scheduler has no status.
        if component in components and isinstance(state, dict) and state.get("status") not in ("healthy", None):
            found.append("%s is %s" % (component, state["status"]))
    for worker in workers:
        host, _, port = worker.partition(":")
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError as failed:
            found.append("the logs of %s cannot be reached: %s" % (worker, failed))
    return found


if __name__ == "__main__":
    until = time.monotonic() + _PATIENCE
    while (left := wrong(sys.argv[1], sys.argv[2].split(","), sys.argv[3:])) and time.monotonic() < until:
        time.sleep(2)
    if left:
        sys.exit("\n".join(left))
    print("every component is well")
