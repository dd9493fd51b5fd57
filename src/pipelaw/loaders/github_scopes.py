"""What well-known actions, `gh` commands and API calls ask of the job's token.

Written from each action's own documentation. An action that is not here may need anything; one that
is here without scopes needs none.
"""

from __future__ import annotations

_NONE = """
    actions-rs/toolchain actions/cache actions/cache/restore actions/cache/save
    actions/create-github-app-token actions/download-artifact actions/setup-dotnet actions/setup-go
    actions/setup-java actions/setup-node actions/setup-python actions/upload-artifact
    actions/upload-artifact/merge actions/upload-pages-artifact anchore/scan-action
    aquasecurity/setup-trivy aquasecurity/trivy-action arduino/setup-protoc
    astral-sh/ruff-action astral-sh/setup-uv aws-actions/amazon-ecr-login azure/setup-helm
    azure/setup-kubectl bazel-contrib/setup-bazel bufbuild/buf-setup-action cachix/cachix-action
    cachix/install-nix-action codespell-project/actions-codespell conda-incubator/setup-miniconda
    coverallsapp/github-action crate-ci/typos crazy-max/ghaction-github-runtime
    crazy-max/ghaction-import-gpg cypress-io/github-action denoland/setup-deno
    determinatesystems/nix-installer-action docker/bake-action docker/build-push-action docker/metadata-action
    docker/setup-buildx-action docker/setup-compose-action docker/setup-docker-action
    docker/setup-qemu-action dtolnay/rust-toolchain embarkstudios/cargo-deny-action
    erlef/setup-beam fossas/fossa-action fsfe/reuse-action google-github-actions/setup-gcloud
    gradle/actions/setup-gradle gradle/actions/wrapper-validation gradle/gradle-build-action
    gradle/wrapper-validation-action hadolint/hadolint-action hashicorp/setup-terraform
    haskell-actions/setup helm/chart-testing-action helm/kind-action homebrew/actions/setup-homebrew
    hynek/build-and-inspect-python-package hynek/setup-cached-uv ilammy/msvc-dev-cmd ilammy/setup-nasm
    imranismail/setup-kustomize ibiqlik/action-yamllint jetli/wasm-bindgen-action jlumbroso/free-disk-space
    julia-actions/setup-julia ko-build/setup-ko lukka/get-cmake lycheeverse/lychee-action
    mamba-org/setup-micromamba microsoft/setup-msbuild msys2/setup-msys2 nick-fields/retry
    open-policy-agent/setup-opa oven-sh/setup-bun pnpm/action-setup pre-commit/action
    pyo3/maturin-action pypa/cibuildwheel ramsey/composer-install rui314/setup-mold ruby/setup-ruby
    shivammathur/setup-php sigstore/cosign-installer slackapi/slack-github-action
    snok/install-poetry sonarsource/sonarcloud-github-action sonarsource/sonarqube-scan-action
    step-security/harden-runner subosito/flutter-action swatinem/rust-cache taiki-e/install-action
    vmactions/freebsd-vm webfactory/ssh-agent wntrblm/nox
"""

_PUSH = "contents: write"
_COMMENT = "issues: write"
_REQUEST = "pull-requests: write"
_PROPOSE = "contents: write, pull-requests: write"

_ACTIONS = {
    "actions/add-to-project": "",
    "actions/attest": "id-token: write, attestations: write, contents: read",
    "actions/attest-build-provenance": "id-token: write, attestations: write, contents: read",
    "actions/attest-sbom": "id-token: write, attestations: write, contents: read",
    "actions/checkout": "contents: read",
    "actions/configure-pages": "pages: read",
    "actions/create-release": _PUSH,
    "actions/delete-package-versions": "packages: write",
    "actions/dependency-review-action": "contents: read",
    "actions/deploy-pages": "pages: write, id-token: write",
    "actions/first-interaction": "issues: write, pull-requests: write",
    "actions/jekyll-build-pages": "contents: read",
    "actions/labeler": "contents: read, pull-requests: write",
    "actions/stale": "actions: write, issues: write, pull-requests: write",
    "actions/upload-release-asset": _PUSH,
    "ad-m/github-push-action": _PUSH,
    "amannn/action-semantic-pull-request": "pull-requests: read",
    "benc-uk/workflow-dispatch": "actions: write",
    "changesets/action": _PROPOSE,
    "codecov/codecov-action": "",
    "cycjimmy/semantic-release-action": "contents: write, issues: write, pull-requests: write",
    "dawidd6/action-download-artifact": "actions: read",
    "dependabot/fetch-metadata": "pull-requests: read",
    "dessant/lock-threads": "issues: write, pull-requests: write, discussions: write",
    "dorny/paths-filter": "contents: read, pull-requests: read",
    "dorny/test-reporter": "contents: read, actions: read, checks: write",
    "endbug/add-and-commit": _PUSH,
    "enricomi/publish-unit-test-result-action": "checks: write, pull-requests: write, contents: read",
    "github/codeql-action/analyze": "security-events: write, contents: read, actions: read",
    "github/codeql-action/autobuild": "",
    "github/codeql-action/init": "security-events: write, contents: read, actions: read",
    "github/codeql-action/upload-sarif": "security-events: write, contents: read, actions: read",
    "golangci/golangci-lint-action": "contents: read",
    "googleapis/release-please-action": "contents: write, issues: write, pull-requests: write",
    "goreleaser/goreleaser-action": _PUSH,
    "gradle/actions/dependency-submission": _PUSH,
    "haskell-actions/hlint-scan": "security-events: write, contents: read",
    "helm/chart-releaser-action": _PUSH,
    "hmarr/auto-approve-action": _REQUEST,
    "jamesives/github-pages-deploy-action": _PUSH,
    "marocchino/sticky-pull-request-comment": _REQUEST,
    "mikepenz/action-junit-report": "checks: write, contents: read",
    "mshick/add-pr-comment": _REQUEST,
    "ncipollo/release-action": _PUSH,
    "ossf/scorecard-action": "security-events: write, id-token: write, contents: read, actions: read",
    "pascalgn/automerge-action": _PROPOSE,
    "peaceiris/actions-gh-pages": _PUSH,
    "peter-evans/create-issue-from-file": _COMMENT,
    "peter-evans/create-or-update-comment": _COMMENT,
    "peter-evans/create-pull-request": _PROPOSE,
    "peter-evans/enable-pull-request-automerge": _PROPOSE,
    "peter-evans/find-comment": "issues: read",
    "peter-evans/repository-dispatch": _PUSH,
    "pypa/gh-action-pypi-publish": "id-token: write",
    "release-drafter/release-drafter": _PROPOSE,
    "rubygems/release-gem": "id-token: write, contents: write",
    "rustsec/audit-check": "checks: write, issues: write",
    "slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml": (
        "actions: read, contents: write, id-token: write"
    ),
    "softprops/action-gh-release": _PUSH,
    "stefanzweifel/git-auto-commit-action": _PUSH,
    "styfle/cancel-workflow-action": "actions: write",
    "super-linter/super-linter": "contents: read, statuses: write",
    "svenstaro/upload-release-action": _PUSH,
    "thollander/actions-comment-pull-request": _REQUEST,
    "tj-actions/changed-files": "contents: read, pull-requests: read",
    "wagoid/commitlint-github-action": "contents: read, pull-requests: read",
    "zizmorcore/zizmor-action": "security-events: write, contents: read, actions: read",
}
ACTIONS: dict[str, str] = {**dict.fromkeys(_NONE.split(), ""), **_ACTIONS}
"""Scopes by action, in lower case."""

_GRADLE = (
    ("dependency-graph", "submit", _PUSH),
    ("add-job-summary-as-pr-comment", "", _REQUEST),
)
WITH_INPUT: dict[str, tuple[tuple[str, str, str], ...]] = {
    "actions/attest": (("push-to-registry", "true", "packages: write"),),
    "actions/attest-build-provenance": (("push-to-registry", "true", "packages: write"),),
    "actions/dependency-review-action": (("comment-summary-in-pr", "", _REQUEST),),
    "actions/stale": (("delete-branch", "true", _PUSH),),
    "actions/download-artifact": (("run-id", "", "actions: read"),),
    "amannn/action-semantic-pull-request": (("wip", "true", f"{_REQUEST}, statuses: write"),),
    "aquasecurity/trivy-action": (("github-pat", "", _PUSH),),
    "aws-actions/configure-aws-credentials": (("role-to-assume", "", "id-token: write"),),
    "azure/login": (("client-id", "", "id-token: write"),),
    "codecov/codecov-action": (("use_oidc", "true", "id-token: write"),),
    "docker/login-action": (("registry", "ghcr.io", "packages: write"),),
    "golangci/golangci-lint-action": (("only-new-issues", "true", "pull-requests: read"),),
    "google-github-actions/auth": (("workload_identity_provider", "", "id-token: write"),),
    "gradle/actions/setup-gradle": _GRADLE,
    "gradle/gradle-build-action": _GRADLE,
    "hashicorp/vault-action": (("method", "jwt", "id-token: write"),),
    "hynek/build-and-inspect-python-package": (
        ("attest-build-provenance-github", "", "id-token: write, attestations: write"),
    ),
    "mikepenz/action-junit-report": (("comment", "true", _REQUEST),),
    "ncipollo/release-action": (("discussioncategory", "", "discussions: write"),),
    "npm/action-publish": (("provenance", "true", "id-token: write"),),
    "pyo3/maturin-action": (
        ("command", "upload", "id-token: write"),
        ("command", "publish", "id-token: write"),
    ),
    "softprops/action-gh-release": (("discussion_category_name", "", "discussions: write"),),
    "step-security/harden-runner": (("policy", "", "id-token: write"),),
}
"""Scopes that an input adds: its name, a piece of its value ("" for any), and the scopes."""

TOKEN_INPUTS = frozenset(
    "token github-token github_token repo-token repo_token gh-token gh_token personal_access_token"
    " repository-token access-token access_token password".split()
)
"""Inputs through which an action is handed the token that it works with."""

GH: dict[tuple[str, str], str] = {
    ("attestation", "verify"): "attestations: read",
    ("auth", ""): "",
    ("cache", ""): "actions: write",
    ("cache", "list"): "actions: read",
    ("config", ""): "",
    ("extension", ""): "",
    ("issue", ""): "issues: write",
    ("issue", "develop"): "contents: write, issues: write",
    ("issue", "list"): "issues: read",
    ("issue", "status"): "issues: read",
    ("issue", "view"): "issues: read",
    ("label", ""): "issues: write",
    ("label", "list"): "issues: read",
    ("pr", ""): "pull-requests: write",
    ("pr", "checkout"): "contents: read, pull-requests: read",
    ("pr", "checks"): "checks: read, pull-requests: read",
    ("pr", "create"): "pull-requests: write",
    ("pr", "diff"): "pull-requests: read",
    ("pr", "list"): "pull-requests: read",
    ("pr", "merge"): "contents: write, pull-requests: write",
    ("pr", "status"): "pull-requests: read",
    ("pr", "update-branch"): "contents: write, pull-requests: write",
    ("pr", "view"): "pull-requests: read",
    ("release", ""): "contents: write",
    ("release", "download"): "contents: read",
    ("release", "list"): "contents: read",
    ("release", "view"): "contents: read",
    ("repo", "clone"): "contents: read",
    ("repo", "view"): "contents: read",
    ("run", ""): "actions: write",
    ("run", "download"): "actions: read",
    ("run", "list"): "actions: read",
    ("run", "view"): "actions: read",
    ("run", "watch"): "actions: read",
    ("search", ""): "",
    ("workflow", ""): "actions: write",
    ("workflow", "list"): "actions: read",
    ("workflow", "view"): "actions: read",
}
"""Scopes by what `gh` is told to do; with "" for every other verb of the noun."""
GH_OPTIONS = {
    "--delete-branch": _PUSH,
    "--discussion-category": "discussions: write",
}
"""Scopes that an option of `gh` adds."""

API: dict[str, str] = {
    "actions": "actions",
    "attestations": "attestations",
    "branches": "contents",
    "check-runs": "checks",
    "check-suites": "checks",
    "code-scanning": "security-events",
    "comments": "contents",
    "commits": "contents",
    "compare": "contents",
    "contents": "contents",
    "deployments": "deployments",
    "dispatches": "contents",
    "environments": "deployments",
    "git": "contents",
    "issues": "issues",
    "labels": "issues",
    "milestones": "issues",
    "pages": "pages",
    "pulls": "pull-requests",
    "releases": "contents",
    "statuses": "statuses",
    "tags": "contents",
}
"""The scope of an address below `repos/OWNER/NAME`."""

REST: dict[str, str] = {
    "actions": "actions",
    "checks": "checks",
    "codescanning": "security-events",
    "dependencygraph": "contents",
    "git": "contents",
    "issues": "issues",
    "packages": "packages",
    "pulls": "pull-requests",
    "reactions": "issues",
    "repos": "contents",
}
"""The scope of a namespace of the client that scripts in JavaScript are handed."""
REST_NONE = frozenset("meta users search ratelimit licenses markdown emojis context".split())
"""Namespaces that every token can use."""

RUNNING = frozenset({"cypress-io/github-action"})
"""Actions without needs of their own that run what the project's files say."""

_RELEASER = "id-token: write, issues: write, packages: write"
POSSIBLE: dict[str, str] = {
    **dict.fromkeys(
        """
        changesets/action cycjimmy/semantic-release-action determinatesystems/nix-installer-action
        pypa/cibuildwheel sigstore/cosign-installer
        """.split(),
        "id-token: write",
    ),
    **dict.fromkeys(
        ("actions/attest", "actions/attest-build-provenance", "actions/attest-sbom"),
        "artifact-metadata: write",
    ),
    "golangci/golangci-lint-action": "checks: write",
    "goreleaser/goreleaser-action": _RELEASER,
    "ko-build/setup-ko": "packages: write",
    "super-linter/super-linter": _REQUEST,
}
"""What actions may need beyond that, by their configuration or where they are allowed to."""

PROGRAMS: dict[str, str] = {
    "semantic-release": "contents: write, issues: write, pull-requests: write",
    "goreleaser": _PUSH,
    "cosign": "id-token: write",
}
"""Scopes of other programs that work with the token."""

PUSHING: dict[str, tuple[str, ...]] = {
    "angular-cli-ghpages": (),
    "bumpver": ("--push",),
    "cargo-release": (),
    "docusaurus": ("deploy",),
    "gh-pages": (),
    "ghp-import": ("-p", "--push"),
    "lerna": ("version", "publish"),
    "mike": ("-p", "--push"),
    "mkdocs": ("gh-deploy",),
    "release-it": (),
}
"""Programs that push with git, and the words of which one makes them do so; none where they always do."""
STARTERS = frozenset(
    "npx pnpx bunx npm pnpm yarn poetry pipenv pdm hatch rye uv uvx pipx python python3".split()
)
"""Programs that start others."""
