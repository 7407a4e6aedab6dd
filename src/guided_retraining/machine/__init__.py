"""The machine that work runs on: deep-learning backend, cores, threads, progress, memory and energy."""
