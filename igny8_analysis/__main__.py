"""`python -m igny8_analysis`: the command line."""

from igny8_analysis.cli import main

main()
