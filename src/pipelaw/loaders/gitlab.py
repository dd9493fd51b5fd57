"""GitLab CI to the model: a configuration after its local includes, and the pipelines it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import NOWHERE, MappingNode, Problem, decode
from pipelaw.errors import UnreadableError
from pipelaw.facts.references import DYNAMIC
from pipelaw.facts.secrets import credentials
from pipelaw.loaders import Loaded
from pipelaw.loaders.gitlab_expansions import in_places
from pipelaw.loaders.gitlab_include import Reader, documents
from pipelaw.loaders.gitlab_jobs import KEYWORDS, Jobs, Shared, shared
from pipelaw.loaders.gitlab_kinds import CHILD, Kind, mentioned
from pipelaw.loaders.gitlab_nodes import MAIN
from pipelaw.loaders.gitlab_parts import socket
from pipelaw.loaders.gitlab_rules import Rules, branches
from pipelaw.loaders.gitlab_variables import Declared, Values, Variables, in_variables
from pipelaw.loaders.gitlab_when import Workflow, workflow_of
from pipelaw.model import Job, Pipeline, Trigger
from pipelaw.tree import partial

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.document import Node
    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.loaders.gitlab_trigger import ChildFile, Downstream
    from pipelaw.source import Source
    from pipelaw.tree import Tree
    from pipelaw.words import Sink

_WORKFLOWS = "Workflows/"
"""GitLab's templates that bring `workflow:rules`."""
_AUTOMATIC = "Auto-DevOps"
"""The template that has jobs and rules of its own for everything."""


def load(source: Source, tree: Tree) -> Loaded:
    """Read a configuration, the files of the repository that it includes, and its child pipelines."""
    loading = _Loading(tree)
    loading.read(source)
    return Loaded(tuple(loading.pipelines), tuple(loading.problems), tuple(loading.unresolved))


class _Loading:
    """What one call of `load` gathers."""

    def __init__(self, tree: Tree) -> None:
        self.pipelines: list[Pipeline] = []
        self.problems: list[Problem] = []
        self.unresolved: list[Problem] = []
        self._tree = tree
        self._seen: set[tuple[str, ...]] = set()

    def read(self, source: Source, files: Sequence[ChildFile] = ()) -> None:
        """Read the pipeline of a file and its children; `files` are those of a child, the first first."""
        header, body = documents(source, self.problems)
        if body is None:
            return
        reader = Reader(self._tree, source, header, body, files[0].inputs if files else {})
        for file in files[1:]:
            reader.also(file.path, file.inputs)
        config = reader.finish()
        reading = _Reading(reader, config, child=bool(files))
        template = header is not None and source.path.rpartition("/")[2] not in MAIN
        self.pipelines.append(reading.pipeline(template=template and not files))
        self.unresolved.extend((*reader.unresolved, *reader.elsewhere()))
        found = [self._child_files(config, started) for started in reading.started]
        self.problems.extend(reader.problems)
        for children in found:
            paths = tuple(file.path for file in children)
            if children and paths not in self._seen:
                self._seen.add(paths)
                self._read_child(children)

    def _child_files(self, config: Config, started: Downstream) -> list[ChildFile]:
        """The files of a child pipeline that are there."""
        self.unresolved.extend(started.unresolved)
        found = []
        for file in started.files:
            if DYNAMIC.search(file.path):
                what = f"which file `{file.path}` is, only the running pipeline knows"
                self.unresolved.append(config.remark(file.node, what))
            elif file.path in self._tree:
                found.append(file)
            elif partial(self._tree):
                what = f"`{file.path}` is started as a pipeline and was not read"
                self.unresolved.append(config.remark(file.node, what))
            else:
                config.problem(
                    file.node, f"`{file.path}` is started as a pipeline and is not there"
                )
        return found

    def _read_child(self, files: Sequence[ChildFile]) -> None:
        path = files[0].path
        try:
            self.read(decode(path, self._tree.read(path)), files)
        except UnreadableError as error:
            self.problems.append(Problem.of(error))


class _Reading:
    """One configuration on its way to the model."""

    def __init__(self, reader: Reader, config: Config, *, child: bool) -> None:
        self.started: list[Downstream] = []
        self._reader = reader
        self._config = config
        self._child = child
        self._variables = Variables(config)
        self._workflow = config.fields(config.entry("workflow"), "`workflow`")
        self._rules = Rules(config, self._workflow["rules"]) if "rules" in self._workflow else None

    def pipeline(self, *, template: bool) -> Pipeline:
        """The pipeline with its jobs; of a file that only has templates, these are its jobs."""
        config, reader = self._config, self._reader
        own = self._variables.of(config.entry("variables"))
        for node in self._rules.variables if self._rules is not None else ():
            own = own.plus(self._variables.of(node))
        secrets = tuple(in_variables(own.changing, Declared(Values(own.values, {}))))
        kinds = self._kinds()
        jobs, hidden = self._jobs(kinds, shared(own, secrets))
        template = template or (hidden and not config.incomplete)
        handed = (*reader.handed, *(one for started in self.started for one in started.handed))
        return Pipeline(
            path=config.source.path,
            platform="gitlab",
            kind="template" if template else "pipeline",
            name=config.value(self._workflow.get("name"), "`workflow:name`"),
            triggers=() if template else tuple(self._triggers(kinds, jobs)),
            jobs=jobs,
            reusable=template,
            references=tuple(reader.references),
            expansions=tuple(in_places(config, self._included(), {})),
            variables=own.variables,
            volumes=tuple(socket((), own.variables)),
            flaws=(
                *(self._rules.flaws(config) if self._rules is not None else ()),
                *own.flaws,
            ),
            secrets=secrets,
            credentials=(*own.facts.credentials, *credentials(handed, ())),
            place=config.place(config.root.value[0][0]) if config.root.value else NOWHERE,
        )

    def _included(self) -> Iterator[tuple[Sink, Node]]:
        for node in self._reader.included:
            for scalar in self._config.scalars(node, "an include"):
                yield "include", scalar

    def _kinds(self) -> list[Kind]:
        """The kinds of pipeline that `workflow` lets through."""
        kinds: Sequence[Kind] = (CHILD,)
        if not self._child:
            kinds = mentioned(self._config.texts(), workflow=self._rules is not None)
        return [kind for kind in kinds if self._rules is None or self._rules.starts(kind)]

    def _jobs(self, kinds: Sequence[Kind], above: Shared) -> tuple[tuple[Job, ...], bool]:
        """The jobs, and whether they are only templates for others."""
        config = self._config
        jobs = Jobs(config, self._variables, kinds, above, self._limits(kinds))
        names = [name for name in config.entries if name not in KEYWORDS]
        visible = [name for name in names if not name.startswith(".")]
        found = []
        for name in visible or names:
            entry = config.entries[name]
            if isinstance(entry.value, MappingNode):
                found.append(jobs.read(name, entry))
            elif visible:
                config.wrong(entry.value, "a mapping", f"the job `{name}`")
        self.started = jobs.started
        return tuple(found), bool(found) and not visible

    def _limits(self, kinds: Sequence[Kind]) -> Workflow:
        """What the rules of the whole pipeline leave open, wherever they are."""
        used = self._reader.references
        templates = [one.name for one in used if one.kind == "template"]
        return workflow_of(
            self._rules,
            kinds,
            template=any(name.startswith(_WORKFLOWS) for name in templates),
            unread=bool(self._reader.unresolved)
            or len(templates) < len(used)
            or any(name.startswith(_AUTOMATIC) for name in templates),
        )

    def _triggers(self, kinds: Sequence[Kind], jobs: Sequence[Job]) -> Iterator[Trigger]:
        """What starts the pipeline: the kinds that at least one job is part of."""
        used = {event for job in jobs for event in job.events}
        for kind in kinds:
            if kind.event in used or self._config.incomplete or not jobs:
                ways = self._rules.ways(kind) if self._rules is not None else []
                yield Trigger(
                    kind=kind.event,
                    name=kind.name,
                    branches=branches(ways) if kind.event == "push" else (),
                    place=self._config.place(ways[0].node) if ways else NOWHERE,
                )
