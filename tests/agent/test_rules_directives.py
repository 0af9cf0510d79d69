"""Directives, expressions in keys and values, and the order of variables, rule by rule.

https://learn.microsoft.com/azure/devops/pipelines/process/template-expressions
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.rules import Rule, check, params

Project = Any

LIST = "parameters:\n- {name: l, type: object, default: [a, b]}\n- {name: m, type: object, default: {k: v, q: w}}\n"
END = "- script: end\n"

BRANCHES = [
    Rule("if adds its list", "steps:\n- ${{ if 1 }}:\n  - script: a\n  - script: b\n" + END, scripts=["a", "b", "end"]),
    Rule("if with a mapping is one item", "steps:\n- ${{ if true }}:\n    script: a\n", scripts=["a"]),
    Rule("the words of directives are read in any case", "steps:\n- ${{ IF true }}:\n  - script: a\n", scripts=["a"]),
    Rule("a blank before the colon is nothing", "steps:\n- ${{ if true }} :\n  - script: a\n", scripts=["a"]),
    Rule("an if without a body adds nothing", "steps:\n- ${{ if true }}:\n" + END, scripts=["end"]),
    Rule(
        "the first branch that holds is taken",
        "steps:\n- ${{ if false }}:\n  - script: a\n- ${{ elseif 1 }}:\n  - script: b\n- ${{ elseif 1 }}:\n  - script: c\n"
        "- ${{ else }}:\n  - script: d\n",
        scripts=["b"],
    ),
    Rule(
        "else belongs to the if right before it",
        "steps:\n- ${{ if true }}:\n  - script: a\n- ${{ if false }}:\n  - script: b\n- ${{ else }}:\n  - script: c\n",
        scripts=["a", "c"],
    ),
    Rule(
        "branches in a mapping merge",
        "steps:\n- ${{ if true }}:\n    script: a\n    ${{ if false }}:\n      name: n\n    ${{ else }}:\n      displayName: d\n",
        shows={"stages.0.jobs.0.steps.0": {"script": "a", "displayName": "d"}},
    ),
    Rule(
        "two equal questions in one mapping are both asked",
        "steps:\n- script: a\n  env:\n    ${{ if true }}:\n      A: x\n    ${{ if true }}:\n      B: y\n",
        shows={"stages.0.jobs.0.steps.0.env": {"A": "x", "B": "y"}},
    ),
    Rule("an else alone is an error", "steps:\n- ${{ else }}:\n  - script: a\n", errors=["2:3: 'else' must directly follow"]),
    Rule(
        "an else after something else is an error",
        "steps:\n- ${{ if true }}:\n  - script: a\n" + END + "- ${{ else }}:\n  - script: b\n",
        errors=["5:3: 'else' must directly follow"],
    ),
    Rule(
        "an else after an else is an error",
        "steps:\n- ${{ if true }}:\n  - script: a\n- ${{ else }}:\n- ${{ else }}:\n",
        errors=["5:3: 'else' must directly follow"],
    ),
    Rule(
        "an elseif after an else is an error",
        "steps:\n- ${{ if true }}:\n  - script: a\n- ${{ else }}:\n- ${{ elseif 1 }}:\n",
        errors=["5:3: 'elseif' must directly follow"],
    ),
    Rule(
        "a misplaced else in a branch that is not taken is no error",
        "steps:\n- ${{ if false }}:\n  - ${{ else }}:\n" + END,
        scripts=["end"],
    ),
    Rule(
        "a directive without its colon is an error in any branch",
        "steps:\n- ${{ if false }}:\n  - ${{ else }}\n" + END,
        errors=["3:5: A directive is a key; write '${{ else ... }}:' with a colon"],
    ),
    Rule(
        "a list cannot merge into a mapping",
        "steps:\n- script: a\n  ${{ if true }}:\n  - b\n",
        errors=["4:3: '${{ if true }}' stands in a mapping"],
    ),
    Rule(
        "dependsOn takes branches",
        "jobs:\n- job: A\n- job: B\n  dependsOn:\n  - ${{ if true }}:\n    - A\n",
        shows={"stages.0.jobs.1.dependsOn": ["A"]},
    ),
]

LOOPS = [
    Rule("each over a list", LIST + "steps:\n- ${{ each x in parameters.l }}:\n  - script: ${{ x }}\n", scripts=["a", "b"]),
    Rule(
        "each over a mapping gives keys and values",
        LIST + "steps:\n- ${{ each p in parameters.m }}:\n  - script: ${{ p.key }}=${{ p.value }}\n",
        scripts=["k=v", "q=w"],
    ),
    Rule(
        "each over the parameters",
        "parameters: [{name: a, default: x}]\nsteps:\n- ${{ each p in parameters }}:\n  - script: ${{ p.key }}${{ p.value }}\n",
        scripts=["ax"],
    ),
    Rule("each over null", LIST + "steps:\n- ${{ each x in parameters.m.no }}:\n  - script: a\n" + END, scripts=["end"]),
    Rule(
        "each over a list that was split",
        "steps:\n- ${{ each x in split('a,b', ',') }}:\n  - script: ${{ x }}\n",
        scripts=["a", "b"],
    ),
    Rule(
        "each over a text is an error", "steps:\n- ${{ each x in 'ab' }}:\n  - script: a\n", errors=["2:3: 'each' needs a list"]
    ),
    Rule("each over an empty text is an error", "steps:\n- ${{ each x in '' }}:\n  - script: a\n", errors=["2:3: 'each' needs"]),
    Rule("each over a number is an error", "steps:\n- ${{ each x in 3 }}:\n  - script: a\n", errors=["is a number"]),
    Rule(
        "each with a mapping body is one item",
        LIST
        + "steps:\n- script: a\n- ${{ each p in parameters.m }}:\n    ${{ if eq(p.key, 'k') }}:\n      script: ${{ p.value }}\n",
        scripts=["a", "v"],
    ),
    Rule(
        "each in a mapping merges",
        LIST + "steps:\n- script: a\n  env:\n    ${{ each p in parameters.m }}:\n      X_${{ p.key }}: ${{ p.value }}\n",
        shows={"stages.0.jobs.0.steps.0.env": {"X_k": "v", "X_q": "w"}},
    ),
    Rule(
        "loops nest with other names",
        LIST + "steps:\n- ${{ each x in parameters.l }}:\n  - ${{ each y in parameters.l }}:\n    - script: ${{ x }}${{ y }}\n",
        scripts=["aa", "ab", "ba", "bb"],
    ),
    Rule(
        "a name in use cannot be a loop variable",
        LIST + "steps:\n- ${{ each Variables in parameters.l }}:\n  - script: a\n",
        errors=["5:3: The name 'Variables' is already in use"],
    ),
    Rule(
        "a loop variable ends with its loop",
        LIST + "steps:\n- ${{ each x in parameters.l }}:\n  - script: a\n- script: ${{ x }}\n",
        errors=["7:11: Unrecognized value: 'x'"],
    ),
    Rule(
        "loops and branches nest",
        LIST
        + "steps:\n- ${{ each x in parameters.l }}:\n  - ${{ if eq(x, 'a') }}:\n    - script: first\n  - ${{ else }}:\n    - script: next\n",
        scripts=["first", "next"],
    ),
]

VALUES = [
    Rule(
        "insert merges a mapping",
        LIST + "steps:\n- script: a\n  env:\n    A: x\n    ${{ insert }}: ${{ parameters.m }}\n",
        shows={"stages.0.jobs.0.steps.0.env": {"A": "x", "k": "v", "q": "w"}},
    ),
    Rule(
        "insert does not replace a key",
        LIST + "steps:\n- script: a\n  env:\n    K: x\n    ${{ insert }}: ${{ parameters.m }}\n",
        errors=["'k' is already defined"],
    ),
    Rule(
        "a key stands once, in any case",
        "steps:\n- script: a\n  env:\n    a: x\n    A: y\n",
        errors=["5:5: 'A' is already defined"],
    ),
    Rule(
        "a list among items is spliced, a mapping is one item, null is dropped",
        LIST + "variables: []\nstages:\n- stage: S\n  dependsOn:\n  - ${{ parameters.m.no }}\n  jobs:\n  - job: x\n- stage: T\n"
        "  dependsOn:\n  - S\n",
        shows={"stages.0.dependsOn": []},
    ),
    Rule(
        "a value that is one expression keeps its type",
        LIST + "steps:\n- ${{ parameters.l[9] }}\n- script: a\n  env: ${{ parameters.m }}\n  enabled: ${{ eq(1, 1) }}\n",
        shows={"stages.0.jobs.0.steps": [{"script": "a", "env": {"k": "v", "q": "w"}, "enabled": True}]},
    ),
    Rule("an expression in a text becomes a text", "steps:\n- script: <${{ true }}${{ 1.50 }}>\n", scripts=["<True1.5>"]),
    Rule(
        "a mapping in a text is an error", LIST + "steps:\n- script: <${{ parameters.m }}>\n", errors=["5:11: A mapping cannot"]
    ),
    Rule("a quoted text shows what would be an expression", "steps:\n- script: ${{ 'my${{value' }}\n", scripts=["my${{value"]),
    Rule("braces in quotes do not close", "steps:\n- script: ${{ '}}' }}${{ 'a''}}' }}\n", scripts=["}}a'}}"]),
    Rule("an expression may span lines", "steps:\n- script: ${{ format('{0}',\n    'a') }}\n", scripts=["a"]),
    Rule("what was inserted is not looked at again", "steps:\n- script: ${{ '${{ 1 }' }}}\n", scripts=["${{ 1 }}"]),
    Rule("a key may be an expression", "steps:\n- ${{ 'scr' }}ipt: a\n", scripts=["a"]),
    Rule("a key is a text", LIST + "steps:\n- ${{ parameters.l }}: a\n", errors=["A key must be a text"]),
    Rule("an expression in a key ends", "steps:\n- ${{ if 1: a\n", errors=["2:3: The expression is not closed"]),
    Rule(
        "words that YAML 1.1 takes for something else stay texts",
        "steps:\n- script: a\n  env: {a: on, b: yes, c: 3.10, d: 1:30, e: 0777, f: 1e3, g: True, h: 0x10}\n",
        shows={
            "stages.0.jobs.0.steps.0.env": dict(
                zip("abcdefgh", ["on", "yes", "3.10", "1:30", "0777", "1e3", "True", "0x10"], strict=True)
            )
        },
    ),
    Rule("an expression ends", "steps:\n- script: ${{ 1\n", errors=["2:11: The expression is not closed"]),
    Rule(
        "unreadable expressions are errors in branches that are not taken",
        "steps:\n- ${{ if false }}:\n  - script: ${{ 3 + 4 }}\n- ${{ if and(3 + 4) }}:\n",
        errors=["3:13: Unexpected symbol: '+'", "4:3: Unexpected symbol: '+'"],
    ),
    Rule(
        "unknown names are none there",
        "steps:\n- ${{ if false }}:\n  - script: ${{ nosuch(x.y) }}\n" + END,
        scripts=["end"],
    ),
    Rule("an unknown name is an error", "steps:\n- script: ${{ nosuch.x }}\n", errors=["2:11: Unrecognized value: 'nosuch'"]),
    Rule(
        "runtime contexts are unknown", "steps:\n- script: ${{ dependencies.A }}\n", errors=["Unrecognized value: 'dependencies'"]
    ),
    *(
        Rule(
            f"no expression stands in {where}",
            f"{text}\nsteps:\n- script: a\n",
            errors=["A template expression is not allowed in"],
        )
        for where, text in {
            "trigger": "trigger: ['${{ 1 }}']",
            "pr": "pr: {branches: {include: ['${{ 1 }}']}}",
            "schedules": "schedules: [{cron: '0 0 * * *', displayName: '${{ 1 }}', branches: {include: [main]}}]",
        }.items()
    ),
    Rule(
        "the name of runs takes expressions",
        "parameters: [{name: n, default: x}]\nname: r-${{ parameters.n }}\nsteps: []\n",
        shows={"name": "r-x"},
    ),
]

VARIABLES = [
    Rule(
        "a variable sees those before it",
        "variables:\n- {name: b, value: '<${{ variables.a }}>'}\n- {name: a, value: x}\n- {name: c, value: '<${{ variables.A }}>'}\nsteps: []\n",
        shows={"variables.0.value": "<>", "variables.2.value": "<x>"},
    ),
    Rule(
        "a mapping of variables has an order too",
        "variables:\n  a: x\n  b: ${{ variables.a }}y\nsteps:\n- script: ${{ variables.b }}\n",
        scripts=["xy"],
    ),
    Rule(
        "the pipeline's variables are known wherever they stand in the file",
        "steps:\n- script: ${{ variables.a }}\nvariables: {a: x}\n",
        scripts=["x"],
    ),
    Rule(
        "a stage and a job add their own and leave no trace",
        """
        variables: {v: root}
        stages:
        - stage: A
          variables: {v: stage}
          jobs:
          - job: J
            variables: {v: job}
            steps: [{script: '${{ variables.v }}'}]
          - job: K
            steps: [{script: '${{ variables.v }}'}]
        - stage: B
          jobs: [{job: J, steps: [{script: '${{ variables.v }}'}]}]
        """,
        scripts=["job", "stage", "root"],
    ),
    Rule(
        "the pipeline's own value wins over the one given when it is queued",
        "variables: {v: yaml}\nsteps:\n- script: ${{ variables.v }} ${{ variables.w }}\n",
        variables={"v": "queue", "w": "queue"},
        scripts=["yaml queue"],
    ),
    Rule(
        "the last of one scope wins",
        "variables: [{name: v, value: a}, {name: V, value: b}]\nsteps:\n- script: ${{ variables.v }}\n",
        scripts=["b"],
    ),
    Rule(
        "variable groups are empty before the run",
        "variables: [{group: g}]\nsteps:\n- script: <${{ variables.secret }}>\n",
        scripts=["<>"],
    ),
    Rule(
        "variables take branches and loops",
        LIST + "variables:\n- ${{ if true }}:\n  - {name: a, value: x}\n- ${{ each p in parameters.m }}:\n"
        "  - {name: '${{ p.key }}', value: '${{ p.value }}'}\n"
        "steps:\n- script: ${{ variables.a }}${{ variables.k }}\n",
        scripts=["xv"],
    ),
    Rule("predefined variables are known", "steps:\n- script: ${{ variables['build.reason'] }}\n", scripts=["Manual"]),
    Rule("a variable is a text", "variables:\n  a: [1]\nsteps: []\n", errors=["2:6: The variable 'a' must be a text"]),
    Rule(
        "a runtime expression is left for the run",
        "variables: {a: '$[ 1 ]'}\nsteps:\n- script: ${{ variables.a }}\n",
        scripts=["$[ 1 ]"],
    ),
    Rule("a macro is left for the run", "variables: {a: b}\nsteps:\n- script: $(a)\n", scripts=["$(a)"]),
]


@pytest.mark.parametrize("rule", params([*BRANCHES, *LOOPS, *VALUES, *VARIABLES]))
def test_a_rule_of_directives(rule: Rule, project: Project) -> None:
    check(rule, project)
