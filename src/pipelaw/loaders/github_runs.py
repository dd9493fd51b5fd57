"""Actions that run code or configuration which they find in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Runs(NamedTuple):
    """When an action runs what it finds, and where it looks."""

    asked: str = ""
    """The input without which it does not; "" where it always does."""
    value: str = ""
    """What that input must say, "" for anything but false."""
    where: tuple[str, ...] = ("working-directory", "working_directory", "cwd", "workdir")
    """The inputs that name the folder."""

    def applies(self, inputs: Mapping[str, str]) -> bool:
        """Whether it runs code, asked in this way."""
        if not self.asked:
            return True
        given = inputs.get(self.asked, "").lower()
        return given == self.value if self.value else given not in ("", "false")

    def folder(self, inputs: Mapping[str, str]) -> str:
        """The folder whose code it runs."""
        return next((inputs[name] for name in self.where if inputs.get(name)), ".")


_CONTEXT = Runs("context", where=("context",))
RUNS_WORKSPACE = {
    "ruby/setup-ruby": Runs("bundler-cache"),
    "actions/setup-node": Runs("cache", "yarn"),
    "docker/build-push-action": _CONTEXT,
    "docker/bake-action": Runs("source", where=("source",)),
    "gradle/gradle-build-action": Runs("arguments", where=("build-root-directory",)),
    "gradle/actions/setup-gradle": Runs("arguments", where=("build-root-directory",)),
    "actions/jekyll-build-pages": Runs(where=("source",)),
    "sonarsource/sonarcloud-github-action": Runs(where=("projectbasedir",)),
    "sonarsource/sonarqube-scan-action": Runs(where=("projectbasedir",)),
    "actions/setup-python": Runs("pip-install"),
    "pnpm/action-setup": Runs("run_install"),
    "devcontainers/ci": Runs(where=("subfolder",)),
    "pulumi/actions": Runs(where=("work-dir",)),
    "cloudflare/wrangler-action": Runs(where=("workingdirectory",)),
    "golangci/golangci-lint-action": Runs(),
    "goreleaser/goreleaser-action": Runs(where=("workdir",)),
    "github/codeql-action/init": Runs("build-mode", "autobuild"),
    "burrunan/gradle-cache-action": Runs("arguments", where=("build-root-directory",)),
    "eskatos/gradle-command-action": Runs("arguments", where=("build-root-directory",)),
    "hynek/build-and-inspect-python-package": Runs(where=("path",)),
    "js-devtools/npm-publish": Runs(where=("package",)),
    "treosh/lighthouse-ci-action": Runs("configpath"),
} | dict.fromkeys(
    """
    azure/powershell pre-commit/action oxsecurity/megalinter bridgecrewio/checkov-action
    qcastel/github-actions-maven super-linter/super-linter github/super-linter reviewdog/action-eslint
    reviewdog/action-rubocop reviewdog/action-stylelint cypress-io/github-action bahmutov/npm-install
    wagoid/commitlint-github-action actions-rs/cargo houseabsolute/actions-rust-cross chromaui/action
    changesets/action github/codeql-action/autobuild py-actions/py-dependency-install pypa/cibuildwheel
    pyo3/maturin-action taiki-e/upload-rust-binary-action tauri-apps/tauri-action borales/actions-yarn
    helaili/jekyll-action withastro/action danger/danger-js danger/swift trunk-io/trunk-action
    cycjimmy/semantic-release-action joerick/cibuildwheel samueld/action-eslint
    microsoft/playwright-github-action ansible/ansible-lint ansible/ansible-lint-action
    ramsey/composer-install preactjs/compressed-size-action andresz1/size-limit-action
    actions-rs/clippy-check giraffate/clippy-action php-actions/composer php-actions/phpstan
    php-actions/phpunit oskarstark/php-cs-fixer-ga py-actions/flake8 suo/flake8-github-action
    tsuyoshicho/action-mypy wearerequired/lint-action tox-dev/action-pre-commit-uv j178/prek-action
    cloudposse/github-action-pre-commit davidanson/markdownlint-cli2-action
    streetsidesoftware/cspell-action errata-ai/vale-action reviewdog/action-golangci-lint
    reviewdog/action-flake8 reviewdog/action-mypy reviewdog/action-textlint reviewdog/action-tflint
    google-github-actions/run-gemini-cli snyk/actions/gradle snyk/actions/maven snyk/actions/python
    snyk/actions/scala dflook/terraform-plan dflook/terraform-apply dflook/terraform-validate
    dflook/tofu-plan dflook/tofu-apply gruntwork-io/terragrunt-action serverless/github-action
    amondnet/vercel-action firebaseextended/action-hosting-deploy hoverkraft-tech/compose-action
    isbang/compose-action lukka/run-cmake lukka/run-vcpkg threeal/cmake-action maierj/fastlane-action
    r-lib/actions/check-r-package julia-actions/julia-runtest julia-actions/julia-buildpkg
    julia-actions/julia-docdeploy game-ci/unity-builder game-ci/unity-test-runner firebelley/godot-export
    samuelmeuli/action-electron-builder
    """.split(),
    Runs(),
)
"""By action in lower case."""


def runs_of(name: str) -> Runs | None:
    """When an action runs what it finds; those in folders of one repository are of a kind."""
    lowered = name.lower()
    found = RUNS_WORKSPACE.get(lowered)
    if found is None and lowered.count("/") > 1:
        owner, repository, *_ = lowered.split("/")
        found = RUNS_WORKSPACE.get(f"{owner}/{repository}")
    return found
