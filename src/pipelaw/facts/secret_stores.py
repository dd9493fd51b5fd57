"""Commands that take a secret out of a store, or a token from a cloud: no runner hides what they print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.script_words import words
from pipelaw.facts.secret_names import meaning
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from pipelaw.facts.shell_syntax import Flow, Simple


class _Store(NamedTuple):
    """How a program takes a secret, and what makes it print none."""

    takes: re.Pattern[str]
    """Its arguments, with what it is told in a group: the words that name the command."""
    quiet: re.Pattern[str] | None = None


_VAULT = _Store(
    pattern(
        r"\A(kv get|unwrap|token create|login)\b|\A(write)\b(?=.*\sauth/\S+/login\b)"
        r"|\A(read)\b(?=.*[\s/](?:creds|secret|kv)/)"
    ),
    pattern(r"\s-no-print\b"),
)
_STORES = {
    "vault": _VAULT,
    "bao": _VAULT,
    "aws": _Store(
        pattern(
            r"\b(secretsmanager get-secret-value|ecr(?:-public)? get-login-password"
            r"|codeartifact get-authorization-token|sts (?:assume-role|get-session-token)\S*)"
            r"|\b(ssm get-parameter)\b(?=.*--with-decryption)"
        )
    ),
    "gcloud": _Store(
        pattern(
            r"\b(secrets versions access|auth (?:application-default )?print-(?:access|identity)-token)"
        )
    ),
    "az": _Store(
        pattern(r"\A(keyvault secret show|account get-access-token|acr credential show)\b"),
        pattern(r"\s(?:-o|--output)[ =]none\b"),
    ),
    "op": _Store(pattern(r"\A(read)\b")),
    "sops": _Store(
        pattern(r"(?:\A|\s)(-d|--decrypt|decrypt)\b"), pattern(r"\s(?:-i\b|--in-place|--output\b)")
    ),
    "ansible-vault": _Store(pattern(r"\A(view)\b")),
}
_PROGRAMS = words(" ".join(_STORES))
_ASKED = pattern(r"\s(?:--?field|--query)[ =](\S+)")
_PARAMETER = pattern(r"\s--names?[ =](\S+)")
_NAME = pattern(r"[A-Za-z][\w-]*")
_ALL = frozenset("value data secret content text".split())
"""Fields that hold whatever there is."""
_GIVEN = pattern(r"(\w+)=\S*\Z")
_FILTERS = frozenset({"jq", "yq"})


def may_take(script: str) -> bool:
    """Whether a script may take a secret out of a store: quick, and never wrongly False."""
    return not _PROGRAMS.isdisjoint(words(script))


def fetched(simple: Simple) -> str:
    """The command that takes a secret out of a store and prints it, as it is called; "" for others."""
    said = _called(simple)
    return said if said and _certain(simple) else ""


def _called(simple: Simple) -> str:
    """The command that takes something out of a store of secrets: a secret, or the name of its user."""
    store = _STORES.get(simple.name)
    if store is None:
        return ""
    said = " ".join(simple.words[1:])
    match = store.takes.search(said)
    if match is None or (store.quiet is not None and store.quiet.search(said)):
        return ""
    return f"{simple.name} {match[match.lastindex or 0]}"


def taken(simples: Iterable[Simple]) -> Iterator[tuple[str, str]]:
    """The variables that hold secrets out of stores, each with the command that gave it."""
    for unit in {id(simple.unit): simple.unit for simple in simples}.values():
        for name, flow in unit.assigned.items():
            if said := _given(flow, name):
                yield name, said


def put_in(simple: Simple) -> str:
    """The command among what a command runs to get its words that takes a secret out of a store."""
    for index, flow in simple.subs:
        match = _GIVEN.search(simple.words[index].partition("$(")[0].partition("`")[0])
        if said := _given(flow, match[1] if match is not None else ""):
            return said
    return ""


def picks(reader: Simple) -> bool:
    """Whether a program that reads fields prints a secret one, or all."""
    return reader.name not in _FILTERS or _secret(" ".join(reader.words[1:]))


def _given(flow: Flow, name: str) -> str:
    """What gives a flow's output, where that is a secret by its own name or by that of who gets it."""
    last = flow.last
    if last is None:
        return ""
    for one in (last, *last.stages):
        said = _called(one)
        if said and (meaning(name).level or (one is last and _certain(one))):
            return said
    return ""


def _certain(simple: Simple) -> bool:
    """Whether what a store is asked for is a secret, and not a user's name or an address in it."""
    said = " ".join(simple.words[1:])
    asked = (_PARAMETER if "get-parameter" in said else _ASKED).search(said)
    return asked is None or _secret(asked[1])


def _secret(asked: str) -> bool:
    """Whether the last name in a query means a secret, or all that there is."""
    names = _NAME.findall(asked)
    return not names or names[-1].lower() in _ALL or bool(meaning(names[-1]).level)
