"""What a name says about its value: a password, another secret, or nothing."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.model import Secret


class Meaning(NamedTuple):
    """What a name says about its value."""

    level: str = ""
    """password, secret, key (of something, perhaps secret), webhook (its address), or ""."""
    local: bool = False
    """It is for tests, or how the image of a database or other server takes its first password."""
    database: bool = False
    """It is about a database, which tests start for themselves."""


NOTHING = Meaning()

_PARTS = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORDS = frozenset("password passwd passphrase passcode passwort pass pwd pw".split())
_SECRETS = frozenset(
    "secret token apikey credential credentials creds auth authorization bearer pat authtoken"
    " accesskey secretkey privatekey sshkey".split()
)
_PASSWORD_ENDS = ("password", "passwd", "passphrase", "storepass", "keypass", "dbpass", "userpass")
_SECRET_ENDS = ("secret", "token", "apikey", "secretkey", "accesskey", "privatekey")

# only the last part makes a secret of these: PASS_RATE and AUTH_MODE are not
_LAST_ONLY = frozenset("pass pwd pw auth pat authorization bearer creds credentials".split())

_SECRET_KEYS = frozenset(
    "api access secret private ssh encryption signing deploy master license account storage auth"
    " gpg pgp service client shared subscription webhook app hmac jwt session admin rsa aes"
    " integration ingest".split()
)

# what a name ends in when the value is about a secret and not the secret
_ABOUT = frozenset(
    "name names id ids arn path paths file files filename dir directory folder url urls uri"
    " endpoint host hostname server port provider input fingerprint length ttl enabled disabled"
    " scope scopes type kind env var variable expiry expires expiration timeout duration lifetime"
    " min max size count limit policy prefix suffix format version method mode strategy backend"
    " engine manager issuer audience subject claim claims role roles user username email header"
    " headers field label labels title description message template ref reference source required"
    " allowed check checks status result results output outputs changed exists present available"
    " missing empty only request permission permissions level algorithm alg bits rounds hash date"
    " days hours minutes seconds region location namespace group enable disable stdin usage"
    " generator scanner scanning scan detection rotation helper store vault".split()
)

# anywhere in a name, these say that the value is no secret
_HARMLESS = frozenset(
    "public pub allow skip use has no is require requires need needs with without enable disable"
    " fake mock dummy example sample placeholder max min num persist vite react".split()
)

_PLAIN_KEYS = frozenset(
    "cache public pub sort primary foreign partition restore registry object config hash map"
    " project issue space row column group label concurrency lock hot host path file env json yaml"
    " meta data query search matrix bucket artifact component feature translation lookup tag index"
    " save name id build version distinct unique composite known trusted apt repo repository"
    " keyring verify verification".split()
)

_DATABASES = frozenset(
    "db database sql postgres postgresql pg mysql mariadb mssql sqlserver sa oracle mongo mongodb"
    " redis rabbitmq amqp minio elastic elasticsearch opensearch clickhouse neo cassandra couchdb"
    " influxdb cockroach memcached etcd nats mqtt keycloak ldap surreal arango".split()
)

# how the images take it; all that tells a test's database from another is the value
_IMAGE_NAMES = pattern(
    r"(?:POSTGRES(?:QL)?|PG|MYSQL|MARIADB|(?:MSSQL_)?SA|MSSQL|ORACLE|MONGO(?:DB)?|MONGO_INITDB|REDIS"
    r"|RABBITMQ|MINIO|ELASTIC|OPENSEARCH|CLICKHOUSE|NEO4J|COUCHDB|ETCD|KEYCLOAK|KC_BOOTSTRAP"
    r"|DOCKER_INFLUXDB_INIT)_?(?:(?:ROOT|ADMIN|USER|APP|DEFAULT|INITIAL|REPLICATION)_){0,2}"
    r"(?:PASSWORD|PASS|PASSWD|PWD|SECRET_KEY|AUTH|ADMIN_TOKEN)\Z"
)
_TESTS = frozenset("test tests testing local localhost".split())


_REPORTS = pattern(
    r"(?:CODECOV|COVERALLS|CODSPEED|CODACY_PROJECT|CC_TEST_REPORTER|DEEPSOURCE)"
    r"(?:(?:[_-](?:REPO|UPLOAD))?[_-](?:TOKEN|ID|DSN))?\Z"
)


@lru_cache(maxsize=256)
def _reporting(name: str) -> bool:
    """Whether a secret's name says that it only brings reports of tests to a service."""
    return _REPORTS.match(name.upper()) is not None


def valuable(secrets: Iterable[Secret]) -> bool:
    """Whether one of them gives more than the job's own token, or a way to bring reports somewhere."""
    return any(secret.store != "token" and not _reporting(secret.name) for secret in secrets)


@lru_cache(maxsize=8192)
def meaning(name: str) -> Meaning:
    """What a variable's, input's or option's name says about its value."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts or not _HARMLESS.isdisjoint(parts):
        return NOTHING
    level = _level(parts)
    if not level:
        return NOTHING
    database = not _DATABASES.isdisjoint(parts) or parts[-1] == "pgpassword"
    local = not _TESTS.isdisjoint(parts) or (database and bool(_IMAGE_NAMES.match(name.upper())))
    return Meaning(level, local, database)


def _level(parts: list[str]) -> str:
    last = parts[-1]
    if "webhook" in parts or last == "hook":
        return "webhook"
    if last in _ABOUT:
        return ""
    if any(part.endswith(_PASSWORD_ENDS) for part in parts) or _named(parts, _PASSWORDS):
        return "" if parts == ["pwd"] else "password"
    if any(part.endswith(_SECRET_ENDS) for part in parts) or _named(parts, _SECRETS):
        return "secret"
    return _key(parts)


def _named(parts: list[str], words: frozenset[str]) -> bool:
    return parts[-1] in words or any(part in words and part not in _LAST_ONLY for part in parts)


def _key(parts: list[str]) -> str:
    """Whether a name with `key` in it is about a secret key, some key, or none."""
    for before, part in pairwise(parts):
        if part == "key" and before in _SECRET_KEYS:
            return "secret"
    if parts[-1] not in ("key", "salt"):
        return ""
    return "" if len(parts) > 1 and parts[-2] in _PLAIN_KEYS else "key"
