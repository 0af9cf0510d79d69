"""Tasks of users: the example of the agent's page runs, and a wrong adapter is refused with a sentence."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.tasks.adapters import AdapterError, with_adapters

Project = Any
README = Path(__file__).parents[2] / "mlops_local" / "agent" / "README.md"
HEAD = "from mlops_local.agent.tasks import Input, Task, TaskFailed, boolean\n\n\ndef run(step):\n    pass\n\n\n"


def example() -> tuple[str, str]:
    """The adapter and the step that the page shows."""
    python, yaml = re.findall(r"```(?:python|yaml)\n(.*?)```", README.read_text().split("## Tasks of your own")[1], re.DOTALL)[:2]
    return python, yaml


def adapters(project: Project, **files: str) -> Path:
    for name, text in files.items():
        (project.folder / "mlops-tasks").mkdir(exist_ok=True)
        (project.folder / "mlops-tasks" / f"{name}.py").write_text(text)
    return Path(project.folder / "mlops-tasks")


def test_the_example_of_the_page_runs(project: Project) -> None:
    python, yaml = example()
    tasks = with_adapters(adapters(project, notify=python))
    ran = project.root(yaml).run(tasks=tasks)
    assert ran.verdict == "Succeeded"
    assert ran.log("notify") == ["Told #releases: Build 1 is done"]
    assert ran.log("show") == ["told #releases"]


def test_inputs_of_an_adapter_are_checked_like_all_others(project: Project) -> None:
    tasks = with_adapters(adapters(project, notify=example()[0]))
    project.root("steps:\n- {task: Notify@1, inputs: {chanel: a, urgency: soon}}\n")
    with pytest.raises(WrongPipeline) as caught:
        project.load(tasks=tasks)
    assert [str(error).partition(": ")[2] for error in caught.value.errors] == [
        "Notify@1 needs the input 'message'.",
        "Notify@1 has no input 'chanel'; did you mean 'channel'?",
        "The input 'urgency' of Notify@1 is one of low, high, not 'soon'.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TASK = 1\n", ":1:1: An adapter defines TASK, a Task of mlops_local.agent.tasks; this file does not."),
        ("def run(:\n", ":1:9: This is not Python: invalid syntax."),
        ("\nimport no_such_module\n", ":2:1: The adapter cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        (HEAD + "TASK = Task('a b', 1, (), run)\n", ":1:1: 'a b' is not the name of a task; use letters"),
        (HEAD + "TASK = Task('A', '1', (), run)\n", ":1:1: The version of a task is its major number, such as 1, not '1'."),
        (HEAD + "TASK = Task('A', 1, [Input('x')], run)\n", ":1:1: 'inputs' is a tuple of Input."),
        (HEAD + "TASK = Task('A', 1, (), lambda: None)\n", ":1:1: 'run' is a function of 1 argument."),
        (HEAD + "TASK = Task('A', 1, (Input('x'), Input('y', aliases=('X',))), run)\n", "Two inputs have the name or alias 'x'"),
        (HEAD + "TASK = Task('A', 1, (Input('x', aliases='y'),), run)\n", "'aliases' of the input 'x' is a tuple"),
        (HEAD + "TASK = Task('A', 1, (boolean('x', 'maybe'),), run)\n", "The default of the input 'x' of A@1 is true or false"),
        (HEAD + "TASK = Task('A', 1, (Input('x', False, kind='boolean'),), run)\n", "has a text as its default, as pipelines do: 'false'"),
        (HEAD + "TASK = Task('A', 1, (Input('x', 'c', options=('a', 'b')),), run)\n", "is one of a, b, not 'c'."),
        (HEAD + "TASK = Task('A', 1, (Input('x', when=('y', ('a',))),), run)\n", "depends on 'y', which is no input of this task."),
        (HEAD + "TASK = Task('bash', 3, (), run)\n", ":1:1: This agent has bash@3 already; an adapter adds a task and replaces none."),
    ],
    ids=lambda text: None if "\n" in str(text) else str(text)[:30],
)  # fmt: skip
def test_a_wrong_adapter_is_refused(project: Project, text: str, said: str) -> None:
    with pytest.raises(AdapterError) as caught:
        with_adapters(adapters(project, wrong=text))
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{project.folder}/mlops-tasks/wrong.py:")


def test_two_adapters_of_one_task_and_every_other_mistake_are_told_at_once(project: Project) -> None:
    task = HEAD + "TASK = Task('A', 1, (), run)\n"
    with pytest.raises(AdapterError) as caught:
        with_adapters(adapters(project, a=task, b=task, c="TASK = 0\n", _helper="nothing"))
    assert [line.rpartition("/")[2].partition(":")[0] for line in str(caught.value).splitlines()] == ["c.py", "b.py"]


def test_a_folder_that_is_missing_empty_or_wrong_is_refused_by_the_command(project: Project) -> None:
    project.root("steps:\n- script: echo a\n")
    (project.folder / "empty").mkdir()
    adapters(project, wrong="\n1 / 0\n")
    for folder, said in (
        ("nowhere", "There is no folder nowhere"),
        ("empty", "empty holds no task"),
        ("mlops-tasks", "mlops-tasks/wrong.py:2:1: The adapter cannot be loaded: ZeroDivisionError: division by zero\n"),
    ):
        command = [sys.executable, "-m", "mlops_local", "expand", "azure-pipelines.yml", "--tasks", folder]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stderr) == (2, True)


def test_an_adapter_that_breaks_fails_its_step_alone(project: Project) -> None:
    text = HEAD.replace("pass", "{}['missing']") + "TASK = Task('A', 1, (), run)\n"
    ran = project.root("""
        steps:
        - task: A@1
        - {script: echo on, condition: always()}
        """).run(tasks=with_adapters(adapters(project, broken=text)))
    assert ran.steps() == {"Checkout": "Succeeded", "A": "Failed", "CmdLine": "Succeeded"}
    assert ran.issues() == [f"{project.folder}/mlops-tasks/broken.py:5: The adapter failed: KeyError: 'missing'"]


@pytest.mark.parametrize("what", ["needs=lambda values, library: values['x']", "program=lambda values: values['x']"])
def test_an_adapter_whose_questions_break_is_refused_before_anything_runs(project: Project, what: str) -> None:
    tasks = with_adapters(adapters(project, broken=HEAD + f"TASK = Task('A', 1, (), run, {what})\n"))
    project.root("steps:\n- task: A@1\n")
    with pytest.raises(WrongPipeline, match=r"yml:2:9: .*broken\.py:8: The adapter failed: KeyError: 'x'"):
        project.run(tasks=tasks)


def test_adapters_share_code_and_have_classes(project: Project) -> None:
    shared = "from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Word:\n    text: str\n"
    text = """
        from __future__ import annotations
        from dataclasses import dataclass
        from mlops_local.agent.tasks import Task
        from ._shared import Word

        @dataclass
        class Loud:
            word: Word

        TASK = Task("Say", 1, (), lambda step: step.say(Loud(Word("said")).word.text))
        """
    ran = project.root("steps:\n- task: Say@1\n").run(
        tasks=with_adapters(adapters(project, say=textwrap.dedent(text), _shared=shared))
    )
    assert ran.log("Say") == ["said"]
