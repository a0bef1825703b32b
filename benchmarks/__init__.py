"""Speed and memory as ratios, each measured in one run on one machine: `python -m benchmarks [ROW …]`."""
