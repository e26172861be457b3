"""Benchmarks: ratios measured in one run, on an installation of their own under `var/bench`."""
