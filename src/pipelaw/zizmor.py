"""What zizmor calls the things that our rules find, so that its comments count here as well."""

from __future__ import annotations

_TABLE = """
adhoc-packages = unpinned-package
archived-uses = archived-action
artipacked = persisted-credentials
bot-conditions = spoofable-bot-check
cache-poisoning = cache-poisoning
dangerous-triggers = dangerous-trigger
dependabot-cooldown = dependabot-cooldown
dependabot-execution = dependabot-execution
excessive-permissions = excessive-permissions missing-permissions read-all-permissions
forbidden-uses = unapproved-source
github-app = app-token
github-env = env-injection path-injection
hardcoded-container-credentials = plaintext-secret
insecure-commands = insecure-commands
insecure-url-scheme = insecure-url
known-vulnerable-actions = vulnerable-action compromised-action
misfeature = misfeature
obfuscation = obfuscated-reference roundabout-expression
overprovisioned-secrets = whole-secrets-context
ref-version-mismatch = wrong-version-comment
secrets-inherit = secrets-inherit
secrets-outside-env = secret-outside-environment
self-hosted-runner = self-hosted-runner
self-repository = workspace-action
superfluous-actions = superfluous-action
template-injection = script-injection template-expansion input-expansion
typosquat-uses = typosquat-action
undocumented-permissions = undocumented-permission
unpinned-images = unpinned-image
unpinned-tools = unpinned-tool
unpinned-uses = unpinned-action
unredacted-secrets = unmasked-secret
unsound-condition = always-true-condition
unsound-contains = substring-contains
unsound-ternary = unsound-ternary
use-trusted-publishing = registry-token
"""

AUDITS: dict[str, tuple[str, ...]] = {
    audit.strip(): tuple(rules.split())
    for audit, _, rules in (line.partition("=") for line in _TABLE.strip().splitlines())
}
"""Our rules by the audit that asks the same question; audits that nothing corresponds to are absent."""

OF_FILES = frozenset({"missing-permissions"})
"""Rules about a file as a whole: zizmor's comments about them may be anywhere in it."""

OF_BLOCKS = frozenset({"dangerous-trigger", "secrets-inherit"})
"""Rules about all events, or a whole job that calls: zizmor's comments may be at any key of the block."""


def named(audits: frozenset[str]) -> frozenset[str]:
    """Our rules for some of zizmor's audits."""
    return frozenset(rule for audit in audits for rule in AUDITS.get(audit, ()))
