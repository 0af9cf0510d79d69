"""Secrets: masked in every form and every file, kept out of the environment; secure files gone in every outcome."""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.masking import Masker

Project = Any
SECRET = "pa ss/w0rd;'%\"$]x"


def masked(secret: str, text: str) -> str:
    masker = Masker()
    masker.add(secret)
    return masker.mask(text)


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"]), min_size=6, max_size=30), st.text("ab \n", max_size=5))
def test_no_form_of_a_secret_is_left(secret: str, around: str) -> None:
    encoded = base64.b64encode(secret.encode()).decode()
    forms = [
        secret,
        encoded,
        base64.b64encode(f"{secret}\n".encode()).decode(),
        json.dumps(secret),
        repr(secret),
        shlex.quote(secret),
    ]
    forms += [quote(secret), quote(secret, safe=""), secret.replace("%", "%AZP25").replace(";", "%3B").replace("]", "%5D")]
    for form in forms:
        left = masked(secret, around + form + around)
        assert "***" in left
        assert secret not in left
        assert encoded not in left


@given(st.binary(max_size=5), st.text("abcdefgh0123456789", min_size=16, max_size=40), st.binary(max_size=5))
def test_a_secret_inside_something_longer_that_is_encoded_is_masked(before: bytes, secret: str, after: bytes) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert "***" in masked(secret, encoded)


def test_each_line_of_a_secret_with_several_lines_is_masked() -> None:
    assert masked("first line\n  second line\nx", "a second line, a first line, x") == "a ***, a ***, x"


def test_longer_secrets_are_masked_as_a_whole() -> None:
    masker = Masker()
    masker.add("abcd")
    masker.add("abcdefgh")
    assert masker.mask("<abcdefgh> <abcd>") == "<***> <***>"
    assert masked("   ", "a   b") == "a   b"


def _outputs(project: Project) -> str:
    return "\n".join(path.read_text(errors="replace") for path in (project.folder / "out").rglob("*") if path.is_file())


def test_a_planted_secret_is_in_no_file_and_not_on_the_terminal(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.group("vault", f"token: {{value: {json.dumps(SECRET)}, secret: true}}\n")
    ran = project.root("""
        variables:
        - group: vault
        steps:
        - bash: |
            echo "plain $T"
            printf %s "$T" | base64
            printf %s "$T" | head -c 5; sleep 0.2; printf %s "$T" | tail -c +6; echo
            printf 'error %s' "$T" >&2
            echo "##vso[task.logissue type=warning]issue $T"
            echo "##vso[task.setvariable variable=derived]got $T"
            echo "##vso[build.addbuildtag]tag $T"
            echo "# summary $T" > s.md; echo "##vso[task.uploadsummary]s.md"
            python3 -c "import json, os; print(json.dumps(os.environ['T']), repr(os.environ['T']))"
            echo "<testsuite><testcase name='a'><failure>$T</failure></testcase></testsuite>" > TEST-a.xml
          env: {T: $(token)}
          displayName: say $(token)
        - task: PublishTestResults@2
        - bash: echo "[$TOKEN] $D"
          env: {D: $(derived)}
          name: later
        - bash: mkdir art; printf %s "$T" > art/file
          env: {T: $(token)}
        - publish: art
          artifact: leak
          continueOnError: true
        """).run()
    assert ran.log("later") == ["[] got ***"]
    terminal = capsys.readouterr().out
    for where in (_outputs(project), terminal):
        for form in (SECRET, json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode()):
            assert form not in where
    assert any("holds a secret and was not published" in issue for issue in ran.issues())


def test_secrets_with_several_lines_cannot_be_variables(project: Project) -> None:
    ran = project.root("""
        steps:
        - bash: echo "##vso[task.setvariable variable=x;issecret=true]one%0Atwo"
        """).run()
    assert (ran.verdict, "has several lines" in ran.issues()[0]) == ("Failed", True)


KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(f"{number}" * 40 for number in range(3)) + "\n-----END PRIVATE KEY-----\n"


def test_a_secure_file_is_private_ready_before_the_first_step_and_masked(project: Project) -> None:
    project.secure_file("key.p8", KEY)
    ran = project.root("""
        variables: {file: key.p8}
        steps:
        - bash: stat -c %a "$KEY_FILE"; head -1 "$KEY_FILE"; cat "$KEY_FILE"; echo "$KEY_FILE"
          env: {KEY_FILE: $(key.secureFilePath)}
          name: first
        - task: DownloadSecureFile@1
          name: key
          inputs: {secureFile: $(file)}
        """).run()
    lines = ran.log("first")
    assert lines[0] == "600"
    assert lines[2:7] == ["-----BEGIN PRIVATE KEY-----", "***", "***", "***", "-----END PRIVATE KEY-----"]
    assert not Path(lines[-1]).exists()


@pytest.mark.parametrize("step", ["{script: 'true'}", "{script: 'false'}", "{script: sleep 9, timeoutInMinutes: 0.002}"])
def test_no_secure_file_is_left_whatever_happens(project: Project, step: str) -> None:
    project.secure_file("key.p8", KEY)
    ran = project.root(f"""
        steps:
        - {{task: DownloadSecureFile@1, name: key, inputs: {{secureFile: key.p8}}}}
        - {{bash: 'echo $(key.secureFilePath); ls $(key.secureFilePath) && cp $(key.secureFilePath) $HOME/copy', name: where}}
        - {step}
        """).run()
    assert ran.log("where")[0] == ran.log("where")[1]
    assert not list(project.cache.rglob("key.p8")) + list(project.cache.rglob("copy"))


def test_a_missing_secure_file_is_refused_before_anything_runs(project: Project) -> None:
    project.root("steps:\n- script: echo a\n- {task: DownloadSecureFile@1, inputs: {secureFile: ../x}}\n")
    with pytest.raises(WrongPipeline, match=r"yml:3:10: The secure file '\.\./x' does not exist; put it into .*secure-files"):
        project.run()


def test_a_missing_secure_file_that_a_variable_names_fails_the_job(project: Project) -> None:
    ran = project.root("""
        variables: {file: ../x}
        steps:
        - {task: DownloadSecureFile@1, inputs: {secureFile: $(file)}}
        - script: echo a
        """).run()
    assert ran.issues() == [f"The secure file '../x' does not exist; put it into {project.library / 'secure-files'}."]
    assert ran.steps()["CmdLine"] == "Skipped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_secure_file(project: Project, number: signal.Signals) -> None:
    project.secure_file("key.p8", KEY)
    project.root("""
        steps:
        - {task: DownloadSecureFile@1, name: key, inputs: {secureFile: key.p8}}
        - {script: "echo ready; sleep 60", displayName: sleep}
        - {script: echo cleaned, condition: always(), displayName: clean}
        - {script: echo no}
        """)
    command = [sys.executable, "-m", "mlops_local", "run", "--library", str(project.library), "--verbose"]
    environment = {**os.environ, "MLOPS_LOCAL_CACHE": str(project.folder / "cache"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=project.folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "ready" not in process.stdout.readline():
            assert process.poll() is None
        started = time.monotonic()
        process.send_signal(number)
        rest = process.stdout.read()
    assert time.monotonic() - started < 12
    if number == signal.SIGKILL:
        assert list(project.folder.rglob("key.p8"))
        project.root("steps:\n- script: echo a\n")
        subprocess.run(command, cwd=project.folder, env=environment, check=True, capture_output=True)
    else:
        assert process.returncode == 1
        assert "cleaned" in rest
        assert json.loads((project.folder / "out/run.json").read_text())["result"] == "Canceled"
    assert not list(project.folder.rglob("key.p8"))


# What a step prints: the secret plain, encoded, quoted, and in two writes of one line.
LEAKS = """
          printf '%s, ' "$T"; printf %s "$T" | base64
          printf '%q\\n' "$T"; python3 -c "import json, os; print(json.dumps(os.environ['T']), repr(os.environ['T']))"
          printf %s "$T" | head -c 8; sleep 0.1; printf %s "$T" | tail -c +9; echo
          echo "##vso[task.logissue type=error]wrong: $T"
          echo "# $T" > s.md; echo "##vso[task.uploadsummary]s.md"
          echo "<testsuite><testcase name='a'><failure>$T</failure></testcase></testsuite>" > TEST-a.xml
"""
OUTCOMES = {
    "success": "true",
    "failure": 'printf %s "$T" | head -c 8; exit 1',
    "timeout": 'printf %s "$T" | head -c 8; sleep 60',
    "cancelled": 'echo ready; printf %s "$T" | head -c 8; sleep 60',
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_form_and_no_half_of_a_secret_gets_out_in_any_outcome(
    project: Project, capsys: pytest.CaptureFixture[str], outcome: str
) -> None:
    project.file("library/variable-groups/vault.yml", f"token: {{value: {json.dumps(SECRET)}, secret: true}}\n")
    project.file("library/secure-files/key.p8", KEY)
    project.library = project.folder / "library"
    project.cache = project.folder / "cache"
    project.root(f"""
        variables: [{{group: vault}}]
        steps:
        - checkout: none
        - {{task: DownloadSecureFile@1, name: key, inputs: {{secureFile: key.p8}}}}
        - bash: |{textwrap.indent(LEAKS, "  ").rstrip()}
          env: {{T: $(token)}}
          displayName: says $(token)
        - {{task: PublishTestResults@2}}
        - bash: |
            cp $(key.secureFilePath) copy; {OUTCOMES[outcome]}
          env: {{T: $(token)}}
          timeoutInMinutes: {0.01 if outcome == "timeout" else 1}
        """)
    if outcome == "cancelled":
        with project.running() as process:
            process.send_signal(signal.SIGINT)
            terminal = process.communicate()[0]
    else:
        project.run()
        terminal = capsys.readouterr().out
    raw = base64.b64encode(SECRET.encode()).decode()
    forms = [SECRET, json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1], shlex.quote(SECRET)[1:-1], quote(SECRET), raw]
    names = "\n".join(str(path) for path in (project.folder / "out").rglob("*"))
    for where in (_outputs(project), terminal, names):
        for form in [*forms, SECRET[:8], SECRET[8:], raw[:10]]:
            assert form not in where
    assert "says ***" in _outputs(project)
    assert not [*(project.folder / "cache").rglob("key.p8"), *(project.folder / "cache").rglob("copy")]


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_line_is_never_cut_inside_of_a_secret(before: int, near: int) -> None:
    masker = Masker()
    masker.add("first secret")
    masker.add("secretive")
    text = "x" * before + "first secretive" + "y" * 20
    place = masker.cut(text, min(near, len(text)))
    assert place <= near
    assert masker.mask(text[:place]) + masker.mask(text[place:]) in (masker.mask(text), text)
    assert "first" not in masker.mask(text[:place]) + masker.mask(text[place:])


def test_a_line_without_an_end_is_handed_on_in_pieces_and_masked(project: Project) -> None:
    project.group("vault", "token: {value: öfirst-secret, secret: true}\n")
    ran = project.root("""
        variables: [{group: vault}]
        steps:
        - checkout: none
        - script: python3 -c "import os; print(('é' + os.environ['T']) * 200000)"
          env: {T: $(token)}
          name: long
        """).run()
    text = "".join(ran.log("long"))
    assert text == "é***" * 200000
    assert len(ran.log("long")) > 1


@pytest.mark.parametrize(
    ("text", "shown"), [("a sec", "a sec"), ("a secr", "a ***"), ("a secret", "a secret"), ("secre t", "secre t")]
)
def test_the_beginning_of_a_secret_at_the_end_of_the_output_is_masked(text: str, shown: str) -> None:
    masker = Masker()
    masker.add("secret")
    assert masker.mask_end(text) == shown


@pytest.mark.parametrize(
    ("command", "published"),
    [
        ('zip("art/a.zip")', False),
        ('tar("art/a.tar")', False),
        ('tar("art/a.tar.gz", "gz")', False),
        ('pathlib.Path("art/a.gz").write_bytes(gzip.compress(secret))', False),
        ('pathlib.Path("art/" + secret.decode()).touch()', False),
        ('pathlib.Path("art/a.gz").write_bytes(gzip.compress(b"fine"))', True),
        ('pathlib.Path("art/none.gz").write_bytes(b"fine")', True),
    ],
)
def test_archives_and_names_of_files_do_not_carry_secrets_out(project: Project, command: str, published: bool) -> None:
    project.group("vault", "token: {value: first-secret, secret: true}\n")
    project.file("pack.py", PACK + command)
    ran = project.root("""
        variables: [{group: vault}]
        steps:
        - {script: python3 pack.py, env: {T: $(token)}}
        - {publish: art, artifact: leak}
        """).run()
    assert ran.verdict == ("Succeeded" if published else "Failed")
    assert published or "holds a secret and was not published" in ran.issues()[0]


PACK = """
import gzip, os, pathlib, tarfile, zipfile
secret = os.environ["T"].encode()
pathlib.Path("art").mkdir()
pathlib.Path("plain").write_bytes(b"it is " + secret)
def zip(name):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write("plain")
def tar(name, kind=""):
    with tarfile.open(name, f"w:{kind}") as archive:
        archive.add("plain")
"""
