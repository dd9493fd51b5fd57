"""Literals that look like secrets. Their values go no further than this module."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from pipelaw.digests import named
from pipelaw.document import ScalarNode
from pipelaw.facts import secret_positions as positions
from pipelaw.facts import tokens as shapes
from pipelaw.facts.secret_checks import decode
from pipelaw.facts.secret_names import NOTHING, Meaning, meaning
from pipelaw.facts.secret_values import dynamic, generated, look, placeholder
from pipelaw.model import Credential
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.document import Place
    from pipelaw.model import Script, Variable


def credentials(
    variables: Sequence[Variable], scripts: Sequence[Script], *, service: bool = False
) -> tuple[Credential, ...]:
    """The literal secrets in the variables and scripts of one scope, in order.

    With `service`, the variables belong to a container that tests start for themselves: only
    tokens of known issuers count there, and what logs in to a registry.
    """
    if not variables and not scripts:
        return ()
    named = False
    texts = [script.text for script in scripts]
    for variable in variables:
        value = variable.value
        if not variable.literal and _reference(value):
            continue
        if len(value) >= positions.SHORTEST:
            texts.append(value)
        if meaning(variable.name) is not NOTHING:
            named = True
    if not texts and not named:
        return ()
    # one look at everything together: nine scopes in ten end here
    text = "\n".join(texts) if len(texts) != 1 else texts[0]
    look_for = _look_for(text)
    if named or look_for != _NOTHING_THERE:
        return tuple(_found(variables, scripts, look_for, service))
    return ()


def _reference(value: str) -> bool:
    """Whether a value is one expansion and nothing else, without a literal inside: most are."""
    if value.startswith("${{"):
        return value.endswith("}}") and "'" not in value and value.find("}}") == len(value) - 2
    return value.startswith("$") and value[1:].isidentifier()


_LookFor: TypeAlias = tuple[bool, bool]
"""Whether a scope's texts may hold tokens, and secrets at the places for them."""

_NOTHING_THERE: _LookFor = (False, False)


@lru_cache(maxsize=4096)
def _look_for(text: str) -> _LookFor:
    return shapes.surroundings(text) != "", positions.possible(text)


def _found(
    variables: Sequence[Variable], scripts: Sequence[Script], look_for: _LookFor, service: bool
) -> Iterator[Credential]:
    for variable in variables:
        named = meaning(variable.name)
        if named is not NOTHING or look_for != _NOTHING_THERE:
            yield from _in_variable(variable, named, look_for, service)
    if look_for != _NOTHING_THERE:
        for script in scripts:
            for hit in _in_text(script.text, look_for):
                place = _place(script, hit.start, hit.end)
                yield _credential(hit, script.text, hit.name, place)


_LITERAL = "literal"


class _Hit(NamedTuple):
    """A secret in a text."""

    provider: str
    name: str
    start: int
    end: int
    certain: bool


def _in_variable(
    variable: Variable, named: Meaning, look_for: _LookFor, service: bool
) -> list[Credential]:
    value = variable.value
    hits: list[_Hit] = []
    if len(value) >= positions.SHORTEST:
        hits = _in_text(value, (look_for[0], look_for[1] and not service), named)
    if not hits and named.level and (not service or variable.kind == "credential"):
        hits = _whole(variable, named)
    found = []
    for hit in hits:
        place = _part(variable.place, value, hit.start, hit.end)
        # `build-args` says less than the argument in it, `DATABASE_URL` more than `address`
        inner = hit.provider == _LITERAL and not named.level and meaning(hit.name).level
        found.append(_credential(hit, value, hit.name if inner else variable.name, place))
    return found


def _credential(hit: _Hit, text: str, name: str, place: Place) -> Credential:
    value = text[hit.start : hit.end]
    return Credential(
        provider=hit.provider,
        name=name,
        certain=hit.certain,
        masked=value[: min(4, len(value) // 3)] + "…",
        digest=named(value, 8),
        place=place,
    )


def _part(place: Place, value: str, start: int, end: int) -> Place:
    """The place of a part of a variable's value, which may itself be a part: `NAME=value`."""
    if not isinstance(place.first, ScalarNode):
        return place
    written = place.first.value[place.start : place.end or None]
    at = written.find(value)
    if at < 0 or (start, end) == (0, len(written)):
        return place
    return place.part(at + start, at + end)


def _place(script: Script, start: int, end: int) -> Place:
    """The place of a part of a script, or of the whole script where its text is not in the file."""
    if script.source_text.text == script.text:
        return script.source_text.place(start, end)
    return script.place


def _whole(variable: Variable, named: Meaning) -> list[_Hit]:
    """The value as a whole, where the variable's name says that it is a secret."""
    value, kind = variable.value, variable.kind
    start = 0
    if not variable.literal and (match := _LAST_RESORT.search(value)):
        value, start = match[1], match.start(1)
    elif not value or not variable.literal:
        return []
    if kind == "credential":
        # nothing but a login is there, so what is no word is one
        given = look(value) in ("generated", "mixed")
        certain = None if dynamic(value) or placeholder(value) else given
    elif kind == "input":
        # caches have keys, and setup actions take the names of variables
        plain = value.isalpha() and value.islower()
        certain = _judge(named, value, word=plain, strict=named.level != "password")
        certain = None if named.level == "key" else certain
    else:
        certain = _judge(named, value, word=kind == "setting")
    provider = _LITERAL
    if _AWS_NAME.search(variable.name) and _AWS_SHAPE.fullmatch(value) and generated(value):
        certain, provider = not placeholder(value) or None, "AWS secret access key"
    end = start + len(value)
    return [] if certain is None else [_Hit(provider, variable.name, start, end, certain)]


_LAST_RESORT = pattern(r"(?:\|\||\{\{)\s*'([^'\n]+)'\s*\}\}\Z")
"""What an expression gives where nothing else is set, or in any case."""
_AWS_NAME = pattern(r"(?i)aws_?secret|secret_?access_?key")
_AWS_SHAPE = pattern(r"[A-Za-z0-9/+]{40}")


def _judge(named: Meaning, value: str, *, word: bool = False, strict: bool = False) -> bool | None:
    """Whether a value that a name says is a secret is certainly one; None where it is not one at all.

    With `word`, a plain word is a password, too; with `strict`, only what a machine made counts.
    """
    if named.level == "webhook":
        return _address_is_secret(value)
    seems = look(value)
    if seems == "generated":
        if named.level == "key":
            return False if len(value) >= 20 else None
        return not named.local
    if strict or named.local or named.level == "key":
        return None
    if seems == "mixed":
        return False if named.level == "password" or _SEVERAL_DIGITS.fullmatch(value) else None
    spoken = word and seems == "word" and named.level == "password" and not named.database
    return False if spoken else None


_SEVERAL_DIGITS = pattern(r"(?=.{10})[^./:]*\d[^./:]*\d[^./:]*")
_LAST_PARTS = pattern(r"(?:/|[?&](?:key|token|access_token|sig|secret)=)([\w-]{20,})(?=[/?&]|\Z)")


def _address_is_secret(value: str) -> bool | None:
    """Whether the address of a webhook has a part that only its owner can know."""
    if not value.startswith(("https://", "http://")) or dynamic(value):
        return None
    parts = _LAST_PARTS.findall(value)
    return True if any(generated(part) and not placeholder(part) for part in parts) else None


def _in_text(text: str, look_for: _LookFor, named: Meaning = NOTHING) -> list[_Hit]:
    """The secrets inside a text, in order; `named` is what the name of the whole text says."""
    found: list[_Hit] = []
    if look_for[0]:
        for token in shapes.tokens(text):
            name = _holder(text, token.start)
            certain = token.sure or bool(named.level or meaning(name).level)
            found.append(_Hit(token.provider, name, token.start, token.end, certain))
    if look_for[1] and positions.possible(text):
        for held in positions.held(text):
            if not any(held.start < hit.end and hit.start < held.end for hit in found):
                found.extend(_judged(held, text))
    found.sort(key=lambda hit: hit.start)
    return found


_HOLDER = pattern(
    r"(?i)(?:([A-Za-z_][\w.-]{0,60})[\"']?\s{0,3}[:=]\s{0,3}|(--?[a-z][\w-]{0,40})\s)"
    r"[\"']?(?:(?:bearer|token|basic)\s)?\Z"
)


def _holder(text: str, start: int) -> str:
    """The name of what a token at index `start` is given to, or that it is in a script."""
    found = _HOLDER.search(text[max(start - 90, 0) : start])
    return found[1] or found[2] if found else "script"


def _judged(held: positions.Held, text: str) -> list[_Hit]:
    """The text at a place for secrets, if it is one."""
    value = text[held.start : held.end]
    if dynamic(value):
        return []
    password = value
    if held.meaning.level == "secret" and (pair := _basic(value)):
        # `auth` and Basic headers: what counts is the password inside
        password = pair[1]
        held = held._replace(meaning=Meaning("password"), login=True, user=pair[0])
    if password == held.user:
        return []
    certain = _judge(held.meaning, password, word=held.login)
    if certain is None:
        return []
    return [_Hit(_LITERAL, held.name, held.start, held.end, certain)]


_PAIR = rb"[\w.@+-]{1,100}:[!-~]{3,400}\Z"


def _basic(value: str) -> tuple[str, str] | None:
    """User and password of the base64 text of a Basic login."""
    if len(value) < 8 or len(value) % 4:
        return None
    inside = decode(value)
    if not re.match(_PAIR, inside):
        return None
    user, _, password = inside.decode().partition(":")
    return user, password
