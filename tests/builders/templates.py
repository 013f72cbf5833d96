"""The text of a pod, as a ConfigMap has it."""

import textwrap

HEX = "0123456789abcdef" * 4
OLD, NEW = "localhost:5000/team/airflow:1", f"localhost:5000/team/airflow@sha256:{HEX}"


TEMPLATE = textwrap.dedent("""\
    ---
    # Pods of the KubernetesExecutor; ask #platform before you touch it.
    apiVersion: v1
    kind: Pod
    metadata:
      name: placeholder   # the executor sets it
    spec:
      initContainers:
        - name: wait
          image: localhost:5000/team/airflow:1
        - name: git-sync-init
          image: registry.k8s.io/git-sync/git-sync:v4.2.3
      containers:
        - image: "localhost:5000/team/airflow:1"   # moved by CI
          name: base
          env:
            - {name: IMAGE, value: 'localhost:5000/team/airflow:1'}
    # image: localhost:5000/team/airflow:1
    """)
