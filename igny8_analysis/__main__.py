"""`python -m igny8_analysis`: the command line."""

import sys
from importlib import import_module

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder, whose modules are nobody's business here

import_module("igny8_analysis.cli").main()
