"""Woodpecker to the model: one workflow a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Problem, ScalarNode, SequenceNode
from pipelaw.facts.authors import (
    BRANCH_PUSHER,
    COMMITTER,
    LABELLER,
    PLANNER,
    REF_PUSHER,
    REQUESTER,
    TAG_PUSHER,
)
from pipelaw.loaders import Loaded, mappings
from pipelaw.loaders.drone_conditions import (
    CHANGE,
    PUSH,
    TAG,
    Event,
    Rules,
    branch_case,
    cases_of,
    reach_of,
)
from pipelaw.loaders.drone_document import documents, labelled, pair_place
from pipelaw.loaders.drone_expansions import Taints, Writer
from pipelaw.loaders.drone_jobs import Head, clone_settings, job_of, triggers_of
from pipelaw.loaders.drone_matrix import rows
from pipelaw.loaders.drone_steps import Context, Dialect, written
from pipelaw.loaders.drone_values import Values
from pipelaw.model import Pipeline, Runner
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.document import Document, Node
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_EVENTS = {
    "pull_request": CHANGE,
    "pull_request_closed": CHANGE,
    "pull_request_metadata": CHANGE,
    "push": PUSH,
    "tag": TAG,
    "release": Event("release", TAG.refs),
    "deployment": Event("manual"),
    "cron": Event("schedule", PUSH.refs),
    "manual": Event("manual", PUSH.refs),
}
_CHANGES = ("pull_request", "pull_request_closed", "pull_request_metadata")
_TAGS = ("tag", "release", "deployment")

# of a pull request, the branch is the one that it wants to change
_BRANCHES = ("push", "manual", "deployment")
_BRANCH = Writer(BRANCH_PUSHER, _BRANCHES, _BRANCHES)
_COMMIT = Writer(COMMITTER)
_SOURCE = Writer(REQUESTER, _CHANGES)
_REF = Writer(REF_PUSHER, ("push", "manual", *_TAGS), ("push", "manual"))
_OWN = {
    "CI_COMMIT_MESSAGE": _COMMIT,
    "CI_COMMIT_AUTHOR": _COMMIT,
    "CI_COMMIT_AUTHOR_EMAIL": _COMMIT,
    "CI_COMMIT_PULL_REQUEST_TITLE": _SOURCE,
    "CI_COMMIT_PULL_REQUEST_LABELS": Writer(LABELLER, _CHANGES, member=True),
    "CI_COMMIT_PULL_REQUEST_MILESTONE": Writer(PLANNER, _CHANGES, member=True),
    "CI_COMMIT_SOURCE_BRANCH": _SOURCE,
    "CI_COMMIT_REFSPEC": _SOURCE,
    "CI_COMMIT_BRANCH": _BRANCH,
    "CI_COMMIT_REF": _REF,
    "CI_COMMIT_TAG": Writer(TAG_PUSHER, _TAGS),
    "CI_PIPELINE_FILES": Writer(COMMITTER, ("push", *_CHANGES)),
    "CI_PREV_COMMIT_MESSAGE": _COMMIT,
    "CI_PREV_COMMIT_AUTHOR": _COMMIT,
    "CI_PREV_COMMIT_AUTHOR_EMAIL": _COMMIT,
    "CI_PREV_COMMIT_SOURCE_BRANCH": Writer(REQUESTER),
    "CI_PREV_COMMIT_REFSPEC": Writer(REQUESTER),
    "CI_PREV_COMMIT_BRANCH": _BRANCH,
    "CI_PREV_COMMIT_REF": _REF,
}
WRITERS = {
    **_OWN,
    # Woodpecker still sets Drone's names, for its plugins
    "DRONE_COMMIT_MESSAGE": _COMMIT,
    "DRONE_COMMIT_AUTHOR": _COMMIT,
    "DRONE_COMMIT_AUTHOR_NAME": _COMMIT,
    "DRONE_COMMIT_AUTHOR_EMAIL": _COMMIT,
    "DRONE_SOURCE_BRANCH": _SOURCE,
    "DRONE_BRANCH": _BRANCH,
    "DRONE_COMMIT_BRANCH": _BRANCH,
    "DRONE_COMMIT_REF": _REF,
    "DRONE_TAG": _OWN["CI_COMMIT_TAG"],
}
"""Who decides what Woodpecker's variables say."""

_DIALECT = Dialect(Rules(_EVENTS), WRITERS, grants=True)
_LEGACY = _DIALECT._replace(inline=True)


def load(source: Source, tree: Tree) -> Loaded:
    """Read a workflow file; what has to be rendered first is unresolved."""
    if source.path.endswith((".jsonnet", ".libsonnet")):
        what = "the server renders its workflow: give the rendered YAML to have it judged"
        return Loaded((), (), (Problem(source.path, 1, 1, what),))
    problems: list[Problem] = []
    found = documents(source, problems)
    for extra in found[1:]:
        extra.problem(extra.root, "a workflow is one YAML document; the rest is not read")
    pipelines = tuple(_pipeline(document) for document in found[:1] if _is_workflow(document))
    return Loaded(pipelines, tuple(dict.fromkeys(problems)))


def _is_workflow(document: Document) -> bool:
    if not isinstance(document.root, MappingNode):
        document.wrong(document.root, "a mapping", "a workflow")
        return False
    if not document.root.value:
        return False
    fields = document.fields(document.root, "the workflow")
    if "steps" in fields or "pipeline" in fields:
        return True
    document.problem(document.root, "no workflow: it has no `steps`")
    return False


def _pipeline(document: Document) -> Pipeline:
    source = document.source
    fields = document.fields(document.root, "the workflow")
    place = document.place(document.root.value[0][0])
    dialect = _DIALECT if "steps" in fields else _LEGACY
    when, rules = fields.get("when"), dialect.rules
    cases = cases_of(document, when, rules)
    if when is None and "branches" in fields:
        cases = branch_case(document, fields["branches"], rules)
    taints, matrix = Taints(source.text, WRITERS), rows(document, fields.get("matrix"))
    steps = fields.get("steps") or fields.get("pipeline")
    runner = _runner(document, fields.get("labels"), steps)
    context = Context(document, dialect, taints=taints, matrix=matrix, bare=not runner.isolated)
    own = Values(document, ())
    own.settings(clone_settings(document, fields.get("clone")))
    if isinstance(fields.get("matrix"), MappingNode):
        own.environment(fields["matrix"])
    head = Head(
        _name(source.path),
        place,
        reach_of(cases, rules),
        triggers_of(
            document,
            when,
            cases,
            rules.events,
            pair_place(document, document.root, "when"),
        ),
        written(when or fields.get("branches")),
        runner,
        tuple(n.value for n in document.scalars(fields.get("depends_on"), "`depends_on`")),
    )
    return Pipeline(
        path=source.path,
        platform="woodpecker",
        name=head.name,
        triggers=head.triggers,
        jobs=(job_of(context, head, fields, steps, own),),
        place=place,
    )


def _name(path: str) -> str:
    """A workflow is called what its file is called."""
    return path.rpartition("/")[2].rpartition(".")[0].lstrip(".")


def _runner(document: Document, node: Node | None, steps: Node | None) -> Runner:
    """The machine that labels request; whoever runs a Woodpecker server runs its machines too."""
    if isinstance(node, SequenceNode):
        labels = [item.value for item in document.scalars(node, "`labels`")]
    else:
        labels = labelled(document, node, "`labels`")
    # this backend runs steps on the machine itself
    isolated = "backend=local" not in labels and not _shells_only(steps)
    if not labels and isolated:
        return Runner(self_hosted=True)
    return Runner(
        labels=tuple(labels),
        self_hosted=True,
        isolated=isolated,
        place=pair_place(document, document.root, "labels", "steps", "pipeline"),
    )


_SHELLS = frozenset(
    "ash bash cmd cmd.exe dash fish nu powershell powershell.exe pwsh sh xonsh zsh".split()
)
"""What `image` says to an agent that runs steps on its own machine."""
_IN_THE_IMAGE = frozenset(
    """
    alias awk base64 basename bash break builtin bunzip2 bzip2 case cat cd chgrp chmod chown clear cmp comm
    command continue cp cut date dd declare df diff dirname do done du echo egrep elif else env esac eval
    exec exit export expr false fgrep fi find fold for function getopts grep gunzip gzip head hexdump hostname
    id if install kill let ln local ls md5sum mkdir mktemp mv nc nl nproc nslookup od paste patch ping popd
    printenv printf ps pushd pwd read readlink realpath return rm rmdir sed select seq set sh sha1sum
    sha256sum sha512sum shift shopt sleep sort source split stat strings sync tac tail tar tee test then
    time timeout touch tr trap true truncate type typeset ulimit umask uname uniq unset until unxz unzip
    uptime vi wait watch wc wget which while whoami xargs xxd xz yes zcat
    """.split()
)
"""What the image `bash` has; who calls other programs there, and installs none, means the machine's own."""
_FIRST_WORD = pattern(r"^[ \t]*([a-z][\w.+-]*)(?=[ \t;]|$)", re.MULTILINE)


def _shells_only(steps: Node | None) -> bool:
    """Whether each step names a shell instead of an image; beside images, `bash` is one of them."""
    items = steps.value if isinstance(steps, SequenceNode) else ()
    if isinstance(steps, MappingNode):
        items = [value for _, value in steps.value]
    images = [_text(item, "image") for item in items]
    if not images or not _SHELLS.issuperset(images):
        return False
    return images.count("bash") < len(images) or _beyond_the_image(items)


def _beyond_the_image(items: Iterable[Node]) -> bool:
    """Whether steps call programs that the image `bash` does not have."""
    commands = "\n".join(_text(item, "commands") for item in items)
    called = {match[1] for match in _FIRST_WORD.finditer(commands)}
    return "apk" not in commands and not _IN_THE_IMAGE.issuperset(called)


def _text(item: Node, name: str) -> str:
    """The text of a key, or its lines; "" without."""
    value = mappings.at(item, name)
    if isinstance(value, SequenceNode):
        return "\n".join(line.value for line in value.value if isinstance(line, ScalarNode))
    return value.value if isinstance(value, ScalarNode) else ""
