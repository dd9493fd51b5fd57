"""Many GitLab files as one: includes, extends, defaults, references, anchors and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samples import loaded, shown

if TYPE_CHECKING:
    from pipelaw.loaders import Loaded
    from pipelaw.model import Job, Reference

MAIN = ".gitlab-ci.yml"


def read(text: str, files: dict[str, str] | None = None, path: str = MAIN) -> Loaded:
    return loaded("gitlab", text, path, files)


def jobs(text: str, files: dict[str, str] | None = None) -> dict[str, Job]:
    found = read(text, files)
    assert not found.problems
    return {one.id: one for one in found.pipelines[0].jobs}


def job(text: str, files: dict[str, str] | None = None) -> Job:
    return jobs(text, files)["job"]


def script(found: Job, keyword: str = "script") -> str:
    """The lines of one of a job's scripts, "" where it has none."""
    texts = [one.scripts[0].text for one in found.steps if one.id == keyword]
    return texts[0] if texts else ""


def variables(found: Job) -> dict[str, str]:
    return {one.name: one.value for one in found.variables}


def problems(text: str, files: dict[str, str] | None = None) -> list[str]:
    return [one.message for one in read(text, files).problems]


class TestExtends:
    def test_mappings_are_merged_and_lists_replaced(self) -> None:
        found = job("""\
            .base:
              image: golang:1.24
              script: [make]
              tags: [docker]
              variables: {A: base, B: base}
              artifacts: {paths: [dist], name: base}
            job:
              extends: .base
              script: [make check, make install]
              variables: {B: job}
              artifacts: {name: job}
            """)
        assert script(found) == "make check\nmake install"
        assert variables(found) == {"A": "base", "B": "job"}
        assert [image.name for image in found.references] == ["golang"]
        assert (found.artifacts[0].name, found.artifacts[0].paths) == ("job", ("dist",))

    def test_the_last_of_several_wins(self) -> None:
        found = job("""\
            .a: {image: a, variables: {X: a, Y: a}}
            .b: {image: b, variables: {X: b}}
            job: {extends: [.a, .b], script: make}
            """)
        assert found.references[0].name == "b"
        assert variables(found) == {"X": "b", "Y": "a"}

    def test_null_takes_back_what_is_extended(self) -> None:
        found = job("""\
            .base: {image: golang:1.24, variables: {A: b}, before_script: [make deps]}
            job: {extends: .base, image: null, variables: null, before_script: [], script: make}
            """)
        assert not found.references
        assert not found.variables
        assert [step.id for step in found.steps] == ["script"]

    def test_eleven_levels(self) -> None:
        chain = "\n".join(f".l{i}: {{extends: .l{i + 1}}}" for i in range(9))
        end = ".l9: {extends: .l10}\n.l10: {script: [make]}"
        assert script(job(f"job: {{extends: .l0}}\n{chain}\n.l9: {{script: [make]}}")) == "make"
        assert problems(f"job: {{extends: .l0}}\n{chain}\n.l9: {{script: a}}") == []
        assert problems(f"job: {{extends: .l0}}\n{chain}\n{end.replace('10', 'A')}") == []
        deeper = end.replace(".l10: {script", ".l10: {extends: .l11}\n.l11: {script")
        assert problems(f"job: {{extends: .l0}}\n{chain}\n{deeper}") == [
            "`extends` is nested deeper than 10 levels"
        ]

    def test_mistakes(self) -> None:
        assert problems("job: {extends: .missing, script: make}") == [
            "`job` extends `.missing`, which is not there"
        ]
        assert problems("a: {extends: b, script: x}\nb: {extends: a, script: x}") == [
            "`b` extends itself through `a`"
        ]

    def test_what_may_stand_in_a_file_elsewhere_is_no_mistake(self) -> None:
        text = "job: {extends: .missing, script: [!reference [.gone, script]]}"
        assert problems(f"include: {{project: a/b, file: c.yml}}\n{text}") == []
        assert problems(f"include: {{template: Auto-DevOps.gitlab-ci.yml}}\n{text}") == []
        assert read(text, path="ci/part.yml").problems == ()


class TestDefaults:
    TEXT = """\
        default:
          image: golang:1.24
          before_script: [make deps]
          tags: [docker]
          services: [redis:7]
        plain: {script: make}
        own: {script: make, image: alpine:3.21, before_script: []}
        none: {script: make, inherit: {default: false}}
        some: {script: make, inherit: {default: [image, tags]}}
        all: {script: make, inherit: {default: true}}
        """

    @pytest.mark.parametrize(
        ("name", "images", "before", "tags"),
        [
            ("plain", ["golang", "redis"], "make deps", ("docker",)),
            ("own", ["alpine", "redis"], "", ("docker",)),
            ("none", [], "", ()),
            ("some", ["golang"], "", ("docker",)),
            ("all", ["golang", "redis"], "make deps", ("docker",)),
        ],
    )
    def test_inherit(self, name: str, images: list[str], before: str, tags: tuple[str]) -> None:
        found = jobs(self.TEXT)[name]
        assert [image.name for image in found.references] == images
        assert script(found, "before_script") == before
        assert found.runner.labels == tags

    def test_keywords_at_the_top_are_defaults(self) -> None:
        found = job("""\
            image: golang:1.24
            services: [redis:7]
            before_script: [make deps]
            after_script: [make clean]
            job: {script: make}
            """)
        assert [image.name for image in found.references] == ["golang", "redis"]
        assert [step.id for step in found.steps] == ["before_script", "script", "after_script"]

    def test_variables_of_the_file_can_be_refused(self) -> None:
        found = jobs("""\
            variables: {VERSION: "1", NAME: tools}
            all: {image: "$NAME:$VERSION", script: make}
            none: {image: "$NAME:$VERSION", script: make, inherit: {variables: false}}
            some: {image: "$NAME:$VERSION", script: make, inherit: {variables: [NAME]}}
            """)
        names = {name: one.references[0].name for name, one in found.items()}
        assert names == {"all": "tools", "none": "$NAME", "some": "tools"}
        assert [one.references[0].ref for one in found.values()] == ["1", "$VERSION", "$VERSION"]


class TestReferences:
    def test_in_scripts_variables_and_rules(self) -> None:
        found = job("""\
            .setup:
              script: [apk add git, !reference [.more, script]]
              variables: {MODE: fast}
              rules: [{if: $CI_COMMIT_TAG}]
            .more: {script: [[git --version]]}
            job:
              script: [!reference [.setup, script], make]
              variables: {LEVEL: !reference [.setup, variables, MODE]}
              rules: [!reference [.setup, rules], {when: never}]
            other:
              script: make
              variables: !reference [.setup, variables]
            """)
        assert script(found) == "apk add git\ngit --version\nmake"
        assert variables(found) == {"LEVEL": "fast"}
        assert found.events == ("tag",)
        [step] = found.steps
        assert shown(step.scripts[0].source_text.place(0, 3)) == "apk"

    def test_they_see_what_extends_gives(self) -> None:
        found = job("""\
            .base: {script: [make]}
            .child: {extends: .base, image: golang}
            job: {script: [!reference [.child, script]]}
            """)
        assert script(found) == "make"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "job: {script: [!reference [.gone, script]]}",
                "`!reference [.gone, script]` names nothing",
            ),
            ("job: {script: !reference [job, gone]}", "`!reference [job, gone]` names nothing"),
            (
                "job: {script: a}\n.b: !reference [.b]\nc: {script: !reference [.b]}",
                "`!reference [.b]` names nothing",
            ),
            (
                "job: {script: [a, !reference .b]}",
                "`!reference` takes a list, as in `!reference [.job, script]`",
            ),
            ("job: {script: a, image: !reference .b}", "`!reference` takes a list"),
        ],
    )
    def test_mistakes(self, text: str, message: str) -> None:
        assert message in problems(text)[-1]

    def test_a_name_that_is_in_no_file_is_told_once_where_nothing_else_explains_it(self) -> None:
        text = """\
            job: {script: [!reference [.gone, script], make], extends: .base}
            also: {script: [!reference [.gone, script], curl a.example | sh], extends: .base}
            """
        part = read(text, path="ci/part.yml")
        assert part.problems == ()
        assert [(p.line, p.column, p.message) for p in part.unresolved] == [
            (1, 60, "`job` extends `.base`, which is in no file that was read"),
            (1, 16, "`!reference [.gone, script]` names nothing that was read"),
        ]
        assert [one.scripts[0].text for job in part.pipelines[0].jobs for one in job.steps] == [
            "make",
            "curl a.example | sh",
        ]
        include = "            include: [{project: a/b, file: c.yml}]\n"
        [unread] = read(include + text, path="ci/part.yml").unresolved
        assert unread.message == "`a/b` is included and was not read"


class TestDocuments:
    @pytest.mark.parametrize("header", ["", "spec: {inputs: {x: {default: a}}}\n---\n"])
    @pytest.mark.parametrize("rest", ["other: {script: b}\n", "- a\n", "text\n", "spec: {}\n"])
    def test_one_too_many_is_told_and_the_first_is_read(self, header: str, rest: str) -> None:
        found = read(f"{header}job: {{script: a}}\n---\n{rest}---\nmore: {{}}\n---\n")
        assert [one.id for one in found.pipelines[0].jobs] == ["job"]
        line = 3 + 2 * bool(header)
        said = "a pipeline is one YAML document, after a `spec` header; the rest is not read"
        assert [tuple(one) for one in found.problems] == [
            (MAIN, line, 1, said),
            (MAIN, line + 2, 1, said),
        ]

    def test_in_a_file_that_is_included_too(self) -> None:
        files = {"a.yml": "one: {script: a}\n---\ntwo: {script: b}\n"}
        found = read("include: a.yml\njob: {script: c}", files)
        assert [one.id for one in found.pipelines[0].jobs] == ["one", "job"]
        assert [(one.path, one.line) for one in found.problems] == [("a.yml", 3)]

    def test_lists_that_contain_themselves_end(self) -> None:
        text = ".a: {script: [x, !reference [.a, script]]}\njob: {script: !reference [.a, script]}"
        assert script(job(text)) == "x\nx"

    def test_lists_that_double_end(self) -> None:
        twice = "\n".join(
            f".l{i}: {{script: [{', '.join([f'!reference [.l{i + 1}, script]'] * 9)}]}}"
            for i in range(8)
        )
        text = f"{twice}\n.l8: {{script: [a]}}\njob: {{script: !reference [.l0, script]}}"
        assert "more than 10,000 items" in problems(text)[0]


class TestAnchors:
    @pytest.mark.parametrize(
        ("text", "image"),
        [
            ("job: {<<: *a, script: make}", "a"),
            ("job: {<<: [*a, *b], script: make}", "a"),
            ("job: {<<: *a, script: make, image: own}", "own"),
            ("job: {script: make, image: own, <<: *a}", "a"),
            ("job:\n  <<: *a\n  <<: *b\n  script: make", "b"),
        ],
    )
    def test_merge_keys(self, text: str, image: str) -> None:
        anchors = ".a: &a {image: a}\n.b: &b {image: b}\n"
        assert job(anchors + text).references[0].name == image

    def test_merge_keys_bring_extends_along(self) -> None:
        found = job("""\
            .base: {image: golang:1.24}
            .more: &more {extends: .base}
            job: {<<: *more, script: make}
            """)
        assert found.references[0].name == "golang"

    def test_lists_in_scripts(self) -> None:
        found = job("""\
            .lines: &lines
              - one
              - two
            job: {script: [*lines, three]}
            """)
        assert script(found) == "one\ntwo\nthree"


class TestLocalIncludes:
    def test_the_file_itself_wins_and_later_files_win_over_earlier(self) -> None:
        found = jobs(
            """\
            include: [/a.yml, b.yml]
            both: {variables: {C: main}}
            """,
            {
                "a.yml": "both: {script: [a], variables: {A: a, B: a, C: a}, image: a}",
                "b.yml": "both: {script: [b], variables: {B: b}}",
            },
        )["both"]
        assert (script(found), found.references[0].name) == ("b", "a")
        assert variables(found) == {"A": "a", "B": "b", "C": "main"}

    def test_each_place_names_its_own_file(self) -> None:
        found = jobs(
            """\
            include: ci/jobs.yml
            job: {extends: .base, script: [make]}
            """,
            {"ci/jobs.yml": "# jobs\n.base:\n  image: golang:1.24\nother: {script: [make all]}\n"},
        )
        image = found["job"].references[0].place
        assert (image.span().path, image.span().line, shown(image)) == (
            "ci/jobs.yml",
            3,
            "golang:1.24",
        )
        assert found["job"].place.span().path == MAIN
        assert shown(found["job"].place) == "job: {extends: .base, script: [make]}"
        assert shown(found["other"].place) == "other: {script: [make all]}"

    @pytest.mark.parametrize(
        ("pattern", "names"),
        [
            ("ci/*.yml", {"a", "b"}),
            ("ci/**.yml", {"a", "b", "deep"}),
            ("ci/**/*.yml", {"deep"}),
            ("/ci/a.*", {"a"}),
            ("none/*.yml", set()),
        ],
    )
    def test_wildcards(self, pattern: str, names: set[str]) -> None:
        files = {"ci/a.yml": "a", "ci/b.yml": "b", "ci/sub/deep.yml": "deep", "ci/c.json": "c"}
        contents = {path: f"{name}: {{script: make}}" for path, name in files.items()}
        found = jobs(f"include: {{local: '{pattern}'}}\njob: {{script: make}}", contents)
        assert set(found) == names | {"job"}

    def test_nested(self) -> None:
        files = {"a.yml": "include: [{local: b.yml}]\na: {script: a}", "b.yml": "b: {script: b}"}
        assert set(jobs("include: a.yml\njob: {script: make}", files)) == {"a", "b", "job"}

    def test_circles_and_limits(self) -> None:
        files = {"a.yml": "include: b.yml\na: {script: a}", "b.yml": "include: a.yml"}
        assert problems("include: a.yml", files) == ["`a.yml` includes itself"]
        many = {f"f{i}.yml": "include: 'f*.yml'" for i in range(20)}
        assert problems("include: 'f*.yml'", many) == ["more than 150 files are included"]

    def test_what_is_not_there_or_no_yaml(self) -> None:
        found = read(
            "include: [gone.yml, {local: perhaps.yml, rules: [{exists: [perhaps.yml]}]}, bad.yml]",
            {"bad.yml": "a: [\n"},
        )
        assert found.problems[0].message == "`gone.yml` is included and is not there"
        assert (found.problems[0].line, found.problems[0].column) == (1, 11)
        assert found.problems[1].path == "bad.yml"
        assert [one.message for one in found.unresolved] == [
            "`perhaps.yml` is included under a condition and is not there"
        ]

    @pytest.mark.parametrize("path", ["templates/scan.yml", "templates/scan/template.yml"])
    def test_a_component_of_the_same_commit_is_read(self, path: str) -> None:
        component = (
            "spec: {inputs: {level: {default: a}}}\n---\nscan: {script: 'scan $[[ inputs.level ]]'}"
        )
        include = "include: [{component: %s/scan@$CI_COMMIT_SHA}]\njob: {script: make}"
        own = include % "$CI_SERVER_FQDN/$CI_PROJECT_PATH"

        found = read(own, {path: component})
        assert [one.id for one in found.pipelines[0].jobs] == ["scan", "job"]
        assert found.pipelines[0].references == ()
        assert found.unresolved == ()

        assert [one.message for one in read(own).unresolved] == [
            "`$CI_SERVER_FQDN/$CI_PROJECT_PATH/scan@$CI_COMMIT_SHA` is included and was not read"
        ]

    @pytest.mark.parametrize("ref", ["", ", ref: $CI_COMMIT_SHA", ", ref: '${CI_DEFAULT_BRANCH}'"])
    def test_files_of_the_project_itself_are_read(self, ref: str) -> None:
        text = (
            "include: [{project: $CI_PROJECT_PATH, file: [/a.yml, b.yml]%s}]\njob: {script: make}"
        )
        files = {"a.yml": "a: {script: make}", "b.yml": "b: {script: make}"}

        found = read(text % ref, files)
        assert [one.id for one in found.pipelines[0].jobs] == ["a", "b", "job"]
        assert (found.pipelines[0].references, found.unresolved) == ((), ())

        assert len(read(text % ref, {"a.yml": files["a.yml"]}).unresolved) == 1
        assert len(read(text % ", ref: v1", files).unresolved) == 1

    def test_a_file_that_includes_itself_through_the_project_ends(self) -> None:
        text = "include: [{project: $CI_PROJECT_PATH, file: .gitlab-ci.yml}]\njob: {script: make}"
        assert [one.message for one in read(text).problems] == ["`.gitlab-ci.yml` includes itself"]


def included(text: str) -> Reference:
    found = read(f"include:\n  - {text}\njob: {{script: make}}")
    assert not found.problems
    [reference] = found.pipelines[0].references
    return reference


COMMIT = "0123456789abcdef0123456789abcdef01234567"


class TestOtherIncludes:
    @pytest.mark.parametrize(
        ("text", "kind", "name", "pin", "mutable"),
        [
            ("{project: a/b, file: /c.yml}", "include", "a/b/c.yml", "none", True),
            ("{project: a/b, file: [c.yml, d.yml], ref: main}", "include", "a/b", "branch", True),
            ("{project: a/b, file: c.yml, ref: v1.2}", "include", "a/b/c.yml", "tag", True),
            (
                f"{{project: a/b, file: c.yml, ref: {COMMIT}}}",
                "include",
                "a/b/c.yml",
                "commit",
                False,
            ),
            ("{project: a/b, file: c.yml, ref: $REF}", "include", "a/b/c.yml", "unresolved", False),
            (
                "{project: $CI_PROJECT_PATH, file: c.yml}",
                "include",
                "$CI_PROJECT_PATH/c.yml",
                "local",
                False,
            ),
            (
                "{component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/scan@1.0.0}",
                "component",
                "$CI_SERVER_FQDN/$CI_PROJECT_PATH/scan",
                "local",
                False,
            ),
            ("https://example.org/a.yml", "include", "https://example.org/a.yml", "none", True),
            (
                "{remote: 'https://example.org/a.yml'}",
                "include",
                "https://example.org/a.yml",
                "none",
                True,
            ),
            (
                "{remote: 'https://e.org/a', integrity: sha256-x}",
                "include",
                "https://e.org/a",
                "digest",
                False,
            ),
            (
                f"https://e.org/{COMMIT}/a.yml",
                "include",
                f"https://e.org/{COMMIT}/a.yml",
                "commit",
                False,
            ),
            (
                "{template: Jobs/SAST.gitlab-ci.yml}",
                "template",
                "Jobs/SAST.gitlab-ci.yml",
                "none",
                False,
            ),
            (
                "{template: Jobs/SAST.latest.gitlab-ci.yml}",
                "template",
                "Jobs/SAST.latest.gitlab-ci.yml",
                "none",
                True,
            ),
            ("{component: h.org/a/b/c@1.2.3}", "component", "h.org/a/b/c", "tag", True),
            ("{component: h.org/a/b/c@1.2}", "component", "h.org/a/b/c", "branch", True),
            ("{component: h.org/a/b/c@~latest}", "component", "h.org/a/b/c", "branch", True),
            ("{component: h.org/a/b/c@main}", "component", "h.org/a/b/c", "branch", True),
            ("{component: h.org/a/b/c}", "component", "h.org/a/b/c", "none", True),
            (f"{{component: h.org/a/b/c@{COMMIT}}}", "component", "h.org/a/b/c", "commit", False),
            (
                "{component: $CI_SERVER_FQDN/a/b/c@$CI_COMMIT_SHA}",
                "component",
                "$CI_SERVER_FQDN/a/b/c",
                "local",
                False,
            ),
        ],
    )
    def test_references(self, text: str, kind: str, name: str, pin: str, mutable: bool) -> None:
        found = included(text)
        assert (found.kind, found.name, found.pin, found.mutable) == (kind, name, pin, mutable)

    def test_owners_and_first_parties(self) -> None:
        assert included("{project: group/sub/project, file: c.yml}").owner == "group"
        assert included("{component: h.org/group/b/c@1.0.0}").owner == "group"
        assert included("{component: gitlab.com/components/sast/sast@1.0.0}").first_party
        assert not included("{component: h.org/components/sast/sast@1.0.0}").first_party
        assert included("{template: Go.gitlab-ci.yml}").first_party

    def test_places_comments_and_inputs(self) -> None:
        found = included(f"""\
project: a/b
    ref: {COMMIT} # 4.2.0
    file: c.yml
    inputs: {{level: high}}""")
        assert (shown(found.place), found.comment) == ("a/b", "4.2.0")
        assert [(one.name, one.value, one.kind) for one in found.inputs] == [
            ("level", "high", "input")
        ]

    @pytest.mark.parametrize(
        ("written", "comment", "claimed"),
        [
            (f"{{project: a/b, ref: {COMMIT}, file: c.yml}}  # v4.2.0", "v4.2.0", "v4.2.0"),
            (f"{{component: h.org/a/b/c@{COMMIT}}} # tag: 1.0", "tag: 1.0", "1.0"),
            ("{project: a/b, ref: 4.2.0, file: c.yml} # the newest", "the newest", ""),
        ],
    )
    def test_a_comment_after_braces_claims_a_version(
        self, written: str, comment: str, claimed: str
    ) -> None:
        found = included(written)
        assert (found.comment, found.claimed) == (comment, claimed)

    def test_what_was_not_looked_into_is_unresolved(self) -> None:
        found = read("""\
            include:
              - project: a/b
                file: c.yml
              - remote: https://example.org/a.yml
              - component: h.org/a/b/c@1.0.0
              - template: Go.gitlab-ci.yml
              - local: $FILE
            """)
        assert [(one.line, one.message) for one in found.unresolved] == [
            (2, "`a/b` is included and was not read"),
            (4, "`https://example.org/a.yml` is included and was not read"),
            (5, "`h.org/a/b/c@1.0.0` is included and was not read"),
            (7, "which file `$FILE` is, only the running pipeline knows"),
        ]

    def test_who_chooses_what_is_included(self) -> None:
        found = read(
            "include: [{project: a/b, ref: $CI_COMMIT_REF_NAME, file: ['$CI_COMMIT_BRANCH.yml']}]"
        )
        assert [(one.text, one.sink) for one in found.pipelines[0].expansions] == [
            ("$CI_COMMIT_REF_NAME", "include"),
            ("$CI_COMMIT_BRANCH", "include"),
        ]

    @pytest.mark.parametrize("text", ["{}", "{rules: [{if: $A}]}", "{local: [a]}"])
    def test_an_include_of_nothing(self, text: str) -> None:
        assert problems(f"include: [{text}]") == [
            "an include names no file, project, URL, template or component"
        ]


TEMPLATE = """\
spec:
  inputs:
    name: {default: build}
    image: {default: 'golang:1.24'}
    level: {options: [low, high]}
    count: {type: number, default: 3}
    note:
---
"$[[ inputs.name ]]-job":
  image: $[[ inputs.image ]]
  script:
    - echo "$[[ inputs.note ]]" $[[ inputs.level ]] $[[ inputs.count ]]
"""


class TestInputs:
    def test_of_a_template_that_is_read_by_itself(self) -> None:
        found = read(TEMPLATE, path="templates/build.yml")
        [template] = found.pipelines
        [only] = template.jobs
        assert (template.kind, template.reusable, only.id) == ("template", True, "build-job")
        assert (only.references[0].text, only.references[0].name) == (
            "$[[ inputs.image ]]",
            "golang",
        )
        [note] = only.steps[0].expansions
        assert (note.text, note.time, note.sink, note.reparsed, note.attacker_controlled) == (
            "$[[ inputs.note ]]",
            "template",
            "script",
            True,
            False,
        )
        assert shown(note.place) == "$[[ inputs.note ]]"

    @pytest.mark.parametrize(
        ("written", "path", "decider"),
        [
            ("$[[ inputs.note ]]", MAIN, "member"),
            ("$[[ inputs.note ]]", "templates/build.yml", ""),
            ("$[[ inputs.note | expand_vars ]]", MAIN, "caller"),
            ("$[[inputs.note|expand_vars]]", "templates/build.yml", "caller"),
            ("$[[ inputs.note | expand_vars | truncate(0,9) ]]", "templates/build.yml", "caller"),
        ],
    )
    def test_who_decides_what_it_says(self, written: str, path: str, decider: str) -> None:
        text = f"spec: {{inputs: {{note: }}}}\n---\na: {{script: './say {written}'}}\n"
        [only] = read(text, path=path).pipelines[0].jobs
        [found] = only.steps[0].expansions
        assert (found.text, found.decider, found.attacker_controlled) == (written, decider, False)

    @pytest.mark.parametrize(
        ("script", "how"),
        [
            (
                "./say $[[ inputs.note | expand_vars ]]",
                ("template", "whoever opens the merge request"),
            ),
            ('eval "./say $[[ inputs.note ]]"', ("run", "whoever opens the merge request")),
            ("./say $[[ inputs.note ]]", None),
            ("./say $[[ inputs.note | expand_vars | posix_escape ]]", None),
        ],
    )
    @pytest.mark.parametrize("given", [True, False])
    def test_that_hold_what_others_write(
        self, script: str, how: tuple[str, str] | None, *, given: bool
    ) -> None:
        default = "fine" if given else "$CI_MERGE_REQUEST_TITLE"
        template = f"""\
            spec: {{inputs: {{note: {{default: {default}}}}}}}
            ---
            a: {{script: '{script}'}}
            """
        inputs = "inputs: {note: $CI_MERGE_REQUEST_TITLE}" if given else ""
        found = jobs(f"include: {{local: t.yml, {inputs}}}", {"t.yml": template})
        hits = [one for one in found["a"].steps[0].expansions if one.attacker_controlled]
        assert [(one.time, one.author) for one in hits] == ([] if how is None else [how])
        assert all(one.reparsed and one.via == "the input note" for one in hits)

    def test_of_a_file_that_is_included(self) -> None:
        found = jobs(
            """\
            include:
              - {local: t.yml, inputs: {name: one, note: fine, image: 'alpine:3.21'}}
              - {local: t.yml, inputs: {name: two, note: fine}}
            """,
            {"t.yml": TEMPLATE},
        )
        assert {name: one.references[0].name for name, one in found.items()} == {
            "one-job": "alpine",
            "two-job": "golang",
        }
        assert not any(one.steps[0].expansions for one in found.values())

    def test_functions(self) -> None:
        found = jobs(
            "include: {local: t.yml, inputs: {x: deploy}}",
            {
                "t.yml": "spec: {inputs: {x: }}\n---\n"
                "'$[[ inputs.x | expand_vars ]]': {script: make}\n"
                "'$[[ inputs.x | truncate(0,3) ]]': {script: make}\n"
            },
        )
        assert set(found) == {"deploy", "$[[ inputs.x | truncate(0,3) ]]"}
