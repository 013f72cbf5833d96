"""Tracebacks as Python and Airflow print them."""

ROOT = "/opt/airflow/dag-versions/3f9c2a71d0b4/dags"

PLAIN = f"""\
Traceback (most recent call last):
  File "/usr/lib/airflow/importer.py", line 238, in parse
    loader.exec_module(new_module)
  File "<frozen importlib._bootstrap_external>", line 940, in exec_module
  File "{ROOT}/sales.py", line 11, in <module>
    from helpers import tables
  File "{ROOT}/helpers/tables.py", line 5, in name
    return NAMES['orders']
           ~~~~~^^^^^^^^^^
KeyError: 'orders'
"""

SYNTAX = f"""\
Traceback (most recent call last):
  File "<frozen importlib._bootstrap_external>", line 936, in exec_module
  File "{ROOT}/sales.py", line 11
    def broken(:
               ^
SyntaxError: invalid syntax
"""

CHAINED = f"""\
Traceback (most recent call last):
  File "{ROOT}/sales.py", line 4, in read
    return VALUES[key]
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "{ROOT}/sales.py", line 9, in <module>
    read("x")
  File "/usr/lib/library.py", line 6, in wrapped
    raise library.errors.SettingsError("no x:\\n  look into it") from error
library.errors.SettingsError: no x:
  look into it
"""

FAULT = f"""\
reading the model
Fatal Python error: Segmentation fault

Current thread 0x00007facfe5a12c0 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "{ROOT}/helpers/model.py", line 3 in load
  File "{ROOT}/sales.py", line 12 in <module>
  File "/usr/lib/airflow/importer.py", line 238 in parse

Extension modules: yaml._yaml (total: 1)
"""
