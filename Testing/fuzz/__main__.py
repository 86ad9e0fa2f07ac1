"""Damaged inputs, each from its number alone, for the command line: `./dev fuzz --help`."""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="inputs (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seconds", type=float, help="begin no input after so many seconds")
    parser.add_argument("--only", type=int, help="repeat this input, print all, and keep its files")
    parser.add_argument("--kills", type=int, help="instead, kill this number of commands at random moments")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: all cores)")
    arguments = parser.parse_args(argv)
    if arguments.kills is not None:
        from fuzz.kills import kill_many

        return kill_many(arguments.kills, arguments.first)
    from fuzz.children import show

    return show(arguments.only) if arguments.only is not None else _run(arguments)


def _run(arguments):
    from fuzz.children import verdicts

    until = time.monotonic() + arguments.seconds if arguments.seconds else None
    kinds, endings, slowest, largest, count = Counter(), Counter(), (-1, None), (-1, None), 0
    for verdict in verdicts(range(arguments.first, arguments.first + arguments.count), arguments.jobs, until):
        count += 1
        slowest = max(slowest, (round(verdict.seconds, 1), verdict.number))
        largest = max(largest, (round(verdict.megabytes), verdict.number))
        endings[f"status {verdict.status}{' with warnings' if verdict.warned else ''}"] += 1
        for kind, detail in verdict.faults:
            kinds[kind] += 1
            print(f"input {verdict.number}: {kind}: {detail}\n    damages: {'; '.join(verdict.damages)}", flush=True)
    print(f"{count} inputs, {sum(kinds.values())} faults {dict(kinds)}; endings {dict(endings)}")
    print(f"slowest {slowest[0]} s (input {slowest[1]}), largest {largest[0]} MB (input {largest[1]})")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
