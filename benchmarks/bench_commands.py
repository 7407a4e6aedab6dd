"""Time of the commands that only list, check or tell, as a user starts them: a new process each.

    python benchmarks/bench_commands.py [--env smoke] [--repeats 5]

Run it in a project whose study of ``digits`` is finished. Processor time is that of the whole process, its start
included; the median of the repeats is shown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "kedro guided status digits": ["guided", "status", "digits"],
    "kedro registry list": ["registry", "list"],
    "kedro run with a wrong pipeline": ["run", "--pipelines", "mertics"],
    "kedro run with a wrong parameter": ["run", "--params", "digits.training.epochs=-1"],
}


def timed(arguments: list[str], env: str | None) -> tuple[float, float]:
    """Processor seconds and seconds of one command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, **({"KEDRO_ENV": env} if env else {})}
    subprocess.run(
        [sys.executable, "-m", "kedro", *arguments], capture_output=True, check=False, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", help="environment of Kedro's")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    lines = ["| command | processor s | s |", "|---|---|---|"]
    for name, arguments in COMMANDS.items():
        cpu, wall = zip(*(timed(arguments, chosen.env) for _ in range(chosen.repeats)), strict=True)
        lines.append(f"| `{name}` | {statistics.median(cpu):.1f} | {statistics.median(wall):.1f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
