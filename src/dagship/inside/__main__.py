"""Starts a program of this package: `python /opt/dagship/inside resolve.main JOB DIRECTORY`."""

import os
import runpy
import sys

package = os.path.dirname(os.path.abspath(__file__))
# Here the modules of this package would lie, as if they were packages of their own.
sys.path[0] = os.path.dirname(package)
program = sys.argv.pop(1)
runpy.run_module(os.path.basename(package) + "." + program, run_name="__main__", alter_sys=True)
