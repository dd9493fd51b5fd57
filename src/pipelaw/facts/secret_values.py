"""What a literal looks like: generated, somebody's password, a word, a test's value, or no secret."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from pipelaw.patterns import pattern

MAX_LENGTH = 4096
"""Longer values are files, not passwords; the shapes of tokens find the keys in them."""

PUBLISHED = ("Eby8vdM02xNOcqFl", "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEH")
"""How the keys begin that emulators give to everybody."""

_DYNAMIC = pattern(
    r"\$[A-Za-z_{(\[@*#?!0-9]|\$\$[A-Za-z_{]|\{\{|\}\}|%\w+%|`|<[^>]*>|^\(|^@|\{[A-Za-z_]\w*\}|^!"
)
_OTHER_KINDS = pattern(
    r"\s|://|@sha256:|^(?:\.{0,2}|~|[A-Za-z]:)[/\\]|^[\[{]"
    r"|^[-+]?[\d._]+[a-z%]{0,2}\Z"  # a number, perhaps with a unit
    r"|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z"  # the name of a variable
    r"|^(?:0x)?[0-9A-F]{16}\Z|^(?:0x)?[0-9A-F]{40}\Z"  # a key's fingerprint
    r"|\.(?i:json|pem|ya?ml|txt|key|env|crt|cer|pfx|p12|jks|keystore|gpg|asc|enc|sh|py|js|ts|xml"
    r"|toml|properties|conf|cfg|ini|log|com|org|net|io|dev|local|internal)\Z"
)
_ELSEWHERE = (
    *("arn:", "op://", "vault:", "ref+", "projects/", "secret/", "secrets/", "kv/", "refs/"),
    *("env:", "file:", "process.env", "os.environ", "secrets.", "Key Vault"),
    *("ENC[", "secure:", "pbkdf2", "$2a$", "$2b$", "$2y$", "sha256:", "sha512-", "sha1-"),
    *("ssh-", "ecdsa-", "age1", "pk_live", "pk_test", "-----BEGIN CERT", "-----BEGIN PUBLIC"),
)
_CHOICES = frozenset(
    "true false yes no on off none null nil read write admin inherit basic bearer digest required"
    " optional enabled disabled always never auto default prompt stdin plain manual public private"
    " internal protected masked env file vault oidc ldap saml token password secret".split()
)


@lru_cache(maxsize=4096)
def look(value: str) -> str:
    """generated, mixed (somebody's password), word, test, or "" for what is no secret at all."""
    if not 4 <= len(value) <= MAX_LENGTH or _refers(value):
        return ""
    if placeholder(value):
        return "test"
    kinds = sum(kind.search(value) is not None for kind in _KINDS)
    if _from_test_words(value):
        return "mixed" if kinds >= 3 and not _FOR_TESTS.search(value.lower()) else "test"
    if generated(value):
        return "generated"
    digits = any(map(str.isdigit, value))
    return "mixed" if kinds >= 2 + (not digits) and len(value) >= 6 else "word"


_KINDS = tuple(map(pattern, ("[a-z]", "[A-Z]", r"\d", r"[^A-Za-z0-9_.\-/]")))
_FOR_TESTS = pattern(r"test|dev|demo|my|foo|bar|local|temp|tmp|ci|guest|default|hello|abc")


def _refers(value: str) -> bool:
    """Whether a value is expanded, stands for something kept elsewhere, or is of another kind."""
    return bool(
        dynamic(value)
        or value.startswith(_ELSEWHERE)
        or _OTHER_KINDS.search(value)
        or value.lower() in _CHOICES
    )


def dynamic(value: str) -> bool:
    """Whether something is put into a value when the pipeline runs."""
    return bool(_DYNAMIC.search(value))


_PLACEHOLDER = pattern(
    r"^your|(?:^|[^a-z])(?:xxx+|your|my-?own|insert|todo|fixme|tbd|fake|mock|sample|invalid|none"
    r"|null|nil|demo|test|tests|testing)(?:[^a-z]|$)"
    r"|example|placeholder|change-?_?-?(?:me|it|this)|replace-?_?(?:me|this|with)|dummy|redacted"
    r"|not-?_?(?:a-?_?)?real|not-?_?(?:used|set|needed)|insecure|unsafe|whatever|for-?_?testing"
    r"|\*{3}|\.{3}|…|x{5}|(.)\1{7}|1234567890|0123456789|abcdefgh|qwerty|(?:dead|cafe)beef"
)


@lru_cache(maxsize=4096)
def placeholder(value: str) -> bool:
    """Whether a value says itself that it is no secret: `xxxx`, `your-token`, `1234567890`, `aaaa`."""
    low = value.lower()
    if _PLACEHOLDER.search(low) or value.startswith(PUBLISHED):
        return True
    kinds = len(set(low))
    if kinds <= 2 or (len(value) >= 16 and kinds <= 5):
        return True
    return ascending(low)


def ascending(low: str) -> bool:
    """Whether most characters follow the one before them, as in alphabets and `1234`."""
    return sum(ord(b) - ord(a) == 1 for a, b in pairwise(low)) * 2 >= len(low) - 1


# longest first, so that what is left after removing them is no part of one
_TEST_WORDS = sorted(
    "password passwd passphrase passwort pass pwd pw secret root admin administrator test"
    " tester testing tests user username guest example sample default foo bar baz qux hello"
    " world postgres postgresql mysql mariadb mssql sqlserver oracle mongo mongodb redis"
    " rabbitmq minio elastic elasticsearch docker local localhost database dev development"
    " token apikey api key login temp tmp random something anything some any the this that"
    " is a my our super very strong secure safe empty unused public ci integration e2e"
    " abcd abc letmein welcome value string data db sa system manager changeit runner"
    " service registry keychain keystore signing credentials auth master simple bot".split(),
    key=len,
    reverse=True,
)
_LEET = str.maketrans("@$!0135", "asioies")


_NO_LETTERS = pattern("[^a-z]")


def _from_test_words(value: str) -> bool:
    """Whether a value is put together from the words of tests: `my-secret-pw`, `P@ssw0rd1`."""
    low = value.lower()
    plain = _NO_LETTERS.sub("", low)
    spelled = _NO_LETTERS.sub("", low.rstrip("0123456789!.#*").translate(_LEET))
    return min(_left(plain), _left(spelled)) <= len(low) // 10


def _left(text: str) -> int:
    """How many letters of a text belong to no word of tests."""
    for word in _TEST_WORDS:
        if word in text:
            text = text.replace(word, " ")
    return len(text.replace(" ", ""))


_BETWEEN_MARKS = pattern(r"[^-_/.:,;|=]+")
_UUID = pattern(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HEX = pattern(r"[0-9a-f]{16,}\Z|[0-9A-F]{16,}\Z")
_LONG_HEX = pattern(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{24,}\Z")


def generated(value: str) -> bool:
    """Whether a machine made a value: long, and no text that a person would write."""
    if len(value) < 12:
        return False
    if _UUID.match(value):
        return True
    digits = sum(map(str.isdigit, value))
    if _HEX.match(value):
        return 0.2 <= digits / len(value) <= 0.95
    longest = max(_BETWEEN_MARKS.findall(value), key=len, default="")
    if len(longest) < 8:
        return False
    return bool(_LONG_HEX.match(longest)) or not _human(value, digits)


# the pairs of letters that make up nine tenths of English and of what programmers call things
_BIGRAMS = frozenset(
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve"
    " co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no"
    " ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts"
    " mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo"
    " sa ay ex ke ui ub up ag gi do ck da if sp ap ep bu ba cr cl og ob ef gr pu ue dr bo ga ks ld"
    " by ki ye uc ud um ff sc qu av rd rm rn rk rc rl ft pp mm tt dd gg cc oo lt ls lu lp lk nk nv"
    " ms ds ps ws ys sk sl sm sn sw ug ek ok ak ik uk py js ht tp my sq ql db dm pi hu ib ip od oc"
    " oi oa ov ew eg ei eo eu ey fr fl fu go gl gu gn ja jo ju je kn ko ka mb br wr wn tw tm tf xt"
    " xp xa va vo za ze zi zo rp rg rr rv rb sy sb hr az iz oz ux nu md tl dn xi".split()
)


_PIECES = pattern(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def _human(value: str, digits: int) -> bool:
    """Whether a value reads like words: long pieces, made of the common pairs of letters."""
    pieces = _PIECES.findall(value)
    letters = len("".join(pieces)) - digits
    if not letters or digits > letters * 2:
        return True
    pairs = common = 0
    for piece in pieces:
        for a, b in pairwise(piece.lower()):
            if a.isalpha():
                pairs += 1
                common += a + b in _BIGRAMS
    long_words = sum(len(piece) for piece in pieces if len(piece) >= 4 and piece.isalpha())
    if pairs and common >= pairs * 0.66:
        return long_words * 2 >= letters
    return pairs < 4 and digits < 4
