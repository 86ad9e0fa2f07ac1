"""The option --device of all commands that compute, and the command `device`, which says what there is."""

import json

from ..numerics.device import AUTO, CPU, DEVICES, find_device


def add_device_option(parser):
    """The option for where methods run."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        help="where to compute what can run on a GPU (NVIDIA, with CuPy); auto: on the GPU if there is one that works; "
        f"what fails there runs on the CPU (default: that of the settings, else {CPU})",
    )


def add_device_options(parser):
    """The options of the command `device`."""
    parser.add_argument("--json", action="store_true", help="as JSON")


def device_command(arguments, console):
    """Say what --device auto would compute on, and why not on a GPU if there is none to use."""
    found = find_device(AUTO).describe()
    print(json.dumps(found) if arguments.json else _in_words(**found))


def _in_words(kind, name, memory_bytes, driver, library, reason):
    facts = [f"{memory_bytes / 1e9:.1f} GB" if memory_bytes else "", f"driver {driver}" if driver else "", library]
    return "\n".join(
        [f"{kind.upper()}: {name} ({', '.join(fact for fact in facts if fact)})", *([reason] * bool(reason))]
    )
