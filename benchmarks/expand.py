"""How long a person waits for `expand`: for this project's own pipeline, and for one as large as Azure allows.

Each time is that of a whole process, from its start to its end. Limits hold for the seconds of computing, which is what a person waits when
nothing else runs on the machine; what the clock said is shown beside. The large pipeline includes 100 files, nested 20 levels deep, the
most that Azure Pipelines takes; each file has typed parameters, loops, branches and variables.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
CHAINS = 5
LEVELS = 20
MOST_OWN_SECONDS = 0.5
MOST_LARGE_SECONDS = 5.0

_STEPS = """\
parameters:
- {name: level, type: number}
- {name: name, type: string}
- {name: shown, type: boolean, default: true}
- {name: settings, type: object, default: {}}
- {name: before, type: stepList, default: []}
steps:
- ${{ parameters.before }}
- ${{ each pair in parameters.settings }}:
  - ${{ if and(parameters.shown, startsWith(pair.key, 'key')) }}:
    - script: echo ${{ pair.key }} ${{ pair.value }} $(count)
      displayName: ${{ format('Show {0} of {1}', pair.key, upper(parameters.name)) }}
      env:
        LEVEL: ${{ parameters.level }}
        ${{ insert }}: ${{ parameters.settings }}
  - ${{ else }}:
    - bash: echo nothing
"""
_INCLUDE = """\
- template: {file}
  parameters:
    level: {level}
    name: ${{{{ parameters.name }}}}
    settings: ${{{{ parameters.settings }}}}
    before:
    - bash: echo before
    - script: echo ${{{{ join(',', split(parameters.name, '_')) }}}}
"""
_JOB = """\
parameters:
- {name: name, type: string}
- {name: settings, type: object}
jobs:
- job: ${{ parameters.name }}
  variables:
    count: ${{ length(parameters.settings) }}
  steps:
"""
_STAGE = """\
parameters:
- {name: name, type: string}
- {name: settings, type: object}
stages:
- stage: ${{ parameters.name }}
  jobs:
  - template: {file}
    parameters:
      name: ${{ parameters.name }}_job
      settings: ${{ parameters.settings }}
"""


def main() -> int:
    own = measure("azure-pipelines.yml")
    with tempfile.TemporaryDirectory() as folder:
        write_large(Path(folder))
        large = measure(str(Path(folder) / "azure-pipelines.yml"))
    sys.stdout.write(f"{'expand':34} {'computing':>9} {'clock':>6}   (seconds, fastest of {ROUNDS} processes)\n")
    sys.stdout.write(line("azure-pipelines.yml", own, MOST_OWN_SECONDS))
    sys.stdout.write(line("100 files, nested 20 levels deep", large, MOST_LARGE_SECONDS))
    return 0 if own[0] <= MOST_OWN_SECONDS and large[0] <= MOST_LARGE_SECONDS else 1


def line(what: str, taken: tuple[float, float], most: float) -> str:
    return f"{what:34} {taken[0]:9.2f} {taken[1]:6.2f}   at most {most} is wanted\n"


def measure(file: str) -> tuple[float, float]:
    """Seconds of computing and seconds of the clock, each the least that was seen."""
    taken = [_once([sys.executable, "-m", "mlops_local", "expand", file]) for _ in range(ROUNDS)]
    return min(computing for computing, _ in taken), min(clock for _, clock in taken)


def _once(command: list[str]) -> tuple[float, float]:
    begun, before = time.perf_counter(), _computed()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return _computed() - before, time.perf_counter() - begun


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_large(folder: Path) -> None:
    """Chains of a stage that includes a job that includes steps that include steps, and so on."""
    root = ["parameters:", "- name: settings", "  type: object", "  default:"]
    root += [f"    key{number}: value {number}" for number in range(10)]
    root += ["stages:"]
    for chain in range(CHAINS):
        _write_chain(folder / f"chain{chain}")
        root += [f"- template: chain{chain}/level1.yml", "  parameters:", f"    name: Stage{chain}"]
        root += ["    settings: ${{ parameters.settings }}"]
    (folder / "azure-pipelines.yml").write_text("\n".join(root) + "\n")


def _write_chain(folder: Path) -> None:
    folder.mkdir()
    (folder / "level1.yml").write_text(_STAGE.replace("{file}", "level2.yml"))
    included = _INCLUDE.format(file="level3.yml", level=3).replace("\n", "\n  ").rstrip()
    (folder / "level2.yml").write_text(f"{_JOB}  {included}\n")
    for level in range(3, LEVELS + 1):
        following = _INCLUDE.format(file=f"level{level + 1}.yml", level=level + 1) if level < LEVELS else ""
        (folder / f"level{level}.yml").write_text(_STEPS + following)


if __name__ == "__main__":
    sys.exit(main())
