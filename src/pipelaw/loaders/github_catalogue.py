"""What is known of single actions by name: archived, often imitated, replaceable, or installers."""

from __future__ import annotations

ARCHIVED = frozenset(
    """
    8398a7/action-slack actions-rs/audit-check actions-rs/cargo actions-rs/clippy-check
    actions-rs/components-nightly actions-rs/grcov actions-rs/install actions-rs/tarpaulin
    actions-rs/toolchain actions/create-release actions/setup-elixir actions/setup-haskell
    actions/setup-ruby actions/upload-release-asset azure/appservice-actions azure/container-actions
    azure/container-scan azure/k8s-actions buildtool/deploy-action chartboost/ruff-action
    cirrus-actions/rebase cloudsmith-io/action contributor-assistant/github-action
    convictional/trigger-workflow-and-wait crazy-max/ghaction-docker-buildx
    google-github-actions/release-please-action goto-bus-stop/setup-zig gradle/gradle-build-action
    gradle/wrapper-validation-action hashicorp/terraform-github-actions
    idealo/github-app-token-generator marvinpinto/action-automatic-releases repo-sync/github-sync
    repo-sync/pull-request returntocorp/semgrep-action sonarsource/sonarcloud-github-action
    thepwagner/token-action tibdex/github-app-token vidavidorra/github-app-token
    """.split()
)
"""Repositories that their owners have made read-only: nobody will fix what is found in them."""

NODE20 = dict.fromkeys(
    """
    actions/cache actions/checkout actions/download-artifact actions/setup-dotnet actions/setup-java
    actions/setup-node actions/upload-artifact
    """.split(),
    4,
) | {
    "actions/github-script": 7,
    "actions/labeler": 5,
    "actions/setup-go": 5,
    "actions/setup-python": 5,
    "actions/stale": 9,
    "github/codeql-action": 3,
}
"""The first major versions of the platform's own actions that were made for Node.js 20."""

_POPULAR = """
    1password/load-secrets-action actions/attest-build-provenance actions/cache actions/checkout
    actions/configure-pages actions/create-github-app-token actions/dependency-review-action
    actions/deploy-pages actions/download-artifact actions/github-script actions/labeler
    actions/setup-dotnet actions/setup-go actions/setup-java actions/setup-node
    actions/setup-python actions/stale actions/upload-artifact actions/upload-pages-artifact
    amannn/action-semantic-pull-request anchore/sbom-action aquasecurity/trivy-action
    astral-sh/setup-uv aws-actions/amazon-ecr-login aws-actions/configure-aws-credentials
    azure/login cloudflare/wrangler-action codecov/codecov-action dawidd6/action-download-artifact
    denoland/setup-deno docker/build-push-action docker/login-action docker/metadata-action
    docker/setup-buildx-action docker/setup-qemu-action dorny/paths-filter
    dorny/test-reporter dtolnay/rust-toolchain github/codeql-action golangci/golangci-lint-action
    google-github-actions/auth google-github-actions/setup-gcloud googleapis/release-please-action
    goreleaser/goreleaser-action gradle/actions hashicorp/setup-terraform helm/chart-releaser-action
    jamesives/github-pages-deploy-action jetli/wasm-pack-action microsoft/setup-msbuild
    mikepenz/action-junit-report ncipollo/release-action oven-sh/setup-bun ossf/scorecard-action
    peaceiris/actions-gh-pages peter-evans/create-or-update-comment peter-evans/create-pull-request
    pnpm/action-setup pre-commit/action pypa/gh-action-pypi-publish ruby/setup-ruby
    rubygems/release-gem shivammathur/setup-php sigstore/cosign-installer
    slackapi/slack-github-action softprops/action-gh-release stefanzweifel/git-auto-commit-action
    step-security/harden-runner subosito/flutter-action super-linter/super-linter
    swatinem/rust-cache taiki-e/install-action tj-actions/changed-files
""".split()

POPULAR: dict[str, tuple[str, ...]] = {}
"""The owners of actions that many repositories use, by the name of the action's repository."""
for _name in _POPULAR:
    _owner, _, _repository = _name.partition("/")
    POPULAR[_repository] = (*POPULAR.get(_repository, ()), _owner)

_RELEASE = "`gh release create` and `gh release upload`"
_COMMIT = "`git commit` and `git push`"
_LABEL = "`gh issue edit` and `gh pr edit`"

REPLACEABLE = {
    "actions-ecosystem/action-add-labels": _LABEL,
    "actions-ecosystem/action-create-comment": "`gh issue comment` and `gh pr comment`",
    "actions-ecosystem/action-remove-labels": _LABEL,
    "addnab/docker-run-action": "`docker run`",
    "dacbd/create-issue-action": "`gh issue create`",
    "dtolnay/rust-toolchain": "`rustup toolchain install`",
    "elgohr/github-release-action": _RELEASE,
    "endbug/add-and-commit": _COMMIT,
    "juliangruber/approve-pull-request-action": "`gh pr review --approve`",
    "marvinpinto/action-automatic-releases": _RELEASE,
    "mikefarah/yq": "`yq`",
    "ncipollo/release-action": _RELEASE,
    "peter-evans/close-issue": "`gh issue close`",
    "peter-evans/create-or-update-comment": "`gh issue comment`, `gh pr comment` or `gh api`",
    "peter-evans/create-pull-request": "`git push` and `gh pr create`",
    "sergeysova/jq-action": "`jq`",
    "softprops/action-gh-release": _RELEASE,
    "stefanzweifel/git-auto-commit-action": _COMMIT,
    "svenstaro/upload-release-action": _RELEASE,
}
"""Third-party actions that do what a program on every hosted machine does, and that program."""

INSTALLERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1password/load-secrets-action": ("1Password CLI", ("version",)),
    "aquasecurity/setup-trivy": ("Trivy", ("version",)),
    "azure/setup-helm": ("Helm", ("version",)),
    "azure/setup-kubectl": ("kubectl", ("version",)),
    "biomejs/setup-biome": ("Biome", ("version",)),
    "digitalocean/action-doctl": ("doctl", ("version",)),
    "extractions/setup-crate": ("release of a crate", ("version", "repo")),
    "extractions/setup-just": ("just", ("just-version",)),
    "fluxcd/flux2/action": ("Flux CLI", ("version",)),
    "foundry-rs/foundry-toolchain": ("Foundry", ("version",)),
    "golangci/golangci-lint-action": (
        "golangci-lint",
        ("version", "version-file", "install-mode"),
    ),
    "goreleaser/goreleaser-action": ("GoReleaser", ("version",)),
    "hashicorp/setup-terraform": ("Terraform", ("terraform_version",)),
    "imranismail/setup-kustomize": ("kustomize", ("kustomize-version",)),
    "jdx/mise-action": ("mise", ("version",)),
    "jetli/wasm-bindgen-action": ("wasm-bindgen", ("version",)),
    "jetli/wasm-pack-action": ("wasm-pack", ("version",)),
    "ko-build/setup-ko": ("ko", ("version",)),
    "mamba-org/setup-micromamba": ("micromamba", ("micromamba-version", "micromamba-url")),
    "opentofu/setup-opentofu": ("OpenTofu", ("tofu_version", "tofu_version_file")),
    "oven-sh/setup-bun": ("Bun", ("bun-version", "bun-version-file")),
    "prefix-dev/setup-pixi": ("pixi", ("pixi-version", "pixi-url")),
    "reviewdog/action-setup": ("reviewdog", ("reviewdog_version",)),
    "snyk/actions/setup": ("Snyk CLI", ("snyk-version",)),
    "superfly/flyctl-actions/setup-flyctl": ("flyctl", ("version",)),
    "supabase/setup-cli": ("Supabase CLI", ("version",)),
    "terraform-linters/setup-tflint": ("TFLint", ("tflint_version",)),
}
"""Actions that install a program's newest release unless an input names a version; the program, and
the inputs of which one does."""

LOOKING = frozenset({"biomejs/setup-biome", "oven-sh/setup-bun"})
"""Of these, those that look for a version in the project's files where no input says anything."""

RUNTIMES = frozenset({"node12", "node16", "node20"})
"""Runtimes of actions that runners no longer have, or run with a newer one instead."""
