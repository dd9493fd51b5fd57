"""Where a command sends what it is given, and whether scripts are expected to sign in there."""

from __future__ import annotations

import re

from pipelaw.patterns import pattern

_NAMERS = frozenset("dig nslookup host".split())
_SOCKETS = frozenset("nc ncat netcat telnet socat".split())
RAW = _NAMERS | _SOCKETS
"""Programs that services are not used with: they open a plain connection, or look up a name."""
SENDERS = RAW | frozenset(
    "curl wget http https invoke-webrequest iwr invoke-restmethod irm".split()
)
"""Programs that send something over the network."""

_URL = pattern(r"https?://(?:[^/\s\"'@]*@)?(?P<host>[\w.-]+)", re.IGNORECASE)
_SOCKET = pattern(r"(?:^|[ \t]|:)(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_DEVICE = pattern(r"/dev/(?:tcp|udp)/(?P<host>[\w.-]+)/")
_DOMAIN = pattern(r"(?:\}\}|\}|\)|\$\w+)\.(?P<host>[\w-]+(?:\.[\w-]+)+)")
_FORGE = "/api/v4/"
"""The path of GitLab's own interface, on whatever host."""
_EXPECTED = frozenset(
    """
    github.com githubusercontent.com ghcr.io gitlab.com bitbucket.org docker.com docker.io
    quay.io jfrog.io slack.com
    discord.com codecov.io coveralls.io sonarcloud.io snyk.io amazonaws.com googleapis.com azure.com
    azurecr.io windows.net microsoftonline.com cloudflare.com netlify.com vercel.com heroku.com
    digitalocean.com atlassian.net atlassian.com sentry.io datadoghq.com telegram.org webhook.office.com
    coverity.com localhost 127.0.0.1 anthropic.com openai.com hashicorp.com hashicorp.cloud terraform.io
    circleci.com buildkite.com travis-ci.com appveyor.com pagerduty.com newrelic.com grafana.net fastly.com
    """.split()
)
"""Where scripts are expected to sign in: forges, clouds, chat, reports."""
_REGISTRIES = frozenset("npmjs pypi rubygems crates nuget packagist".split())
"""The same of package registries: the name before the last dot of their hosts."""
_COLLECTORS = frozenset(
    """
    beeceptor.com burpcollaborator.net canarytokens.com ceye.io dnslog.cn file.io hookbin.com
    interact.sh loca.lt ngrok.app ngrok.dev ngrok.io ngrok-free.app oast.fun oast.live oast.me
    oast.online oast.pro oast.site oastify.com pastebin.com pipedream.net requestbin.com
    requestcatcher.com requestrepo.com serveo.net transfer.sh trycloudflare.com webhook.site
    """.split()
)
"""Where anybody can have something sent without saying who they are."""


def host(program: str, code: str) -> str:
    """The literal host that a command sends to, "" where none is named or it is expected."""
    if program in _NAMERS:
        match = _DOMAIN.search(code)
    elif program in _SOCKETS:
        match = _SOCKET.search(code, len(program))
    else:
        match = _URL.search(code)
    name = match["host"].lower() if match is not None else ""
    return "" if _expected(name) or _FORGE in code else name


def device(file: str) -> str:
    """The host that a file names which the shell takes for a connection: `/dev/tcp/HOST/PORT`."""
    match = _DEVICE.match(file)
    return match["host"].lower() if match is not None else ""


_WITHIN = pattern(
    r"(?:10|127)\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|[^.]*\Z"
    r"|.*\.(?:local|localdomain|internal|intranet|lan|svc|test)\Z"
)
"""Hosts of a network of one's own."""
_NUMBERED = pattern(r"\d+\.\d+\.\d+\.\d+\Z")


def unprotected(name: str, code: str) -> bool:
    """Whether a command talks to a public host without encryption, or to one that only its number names."""
    if _WITHIN.match(name):
        return False
    match = _URL.search(code)
    unencrypted = match is not None and match[0][:5].lower() == "http:"
    return unencrypted or _NUMBERED.match(name) is not None


_CALLED = pattern(
    r"(?:^|_)(?P<service>PYPI|NPM|RUBYGEMS|CRATES|DOCKERHUB|GITHUB|GH|AWS)(?=_|$)", re.IGNORECASE
)
_STORES = pattern(r"regist|nexus|artifact|repo|package|mirror|proxy|cache|git")
"""What is in the names of hosts that stand in for such a service."""


def astray(secret: str, name: str) -> bool:
    """Whether a secret is called after a public service and goes to a host that does not look like it."""
    called = _CALLED.search(secret)
    if called is None or not name or _WITHIN.match(name) is not None:
        return False
    return called["service"].lower() not in name and _STORES.search(name) is None


def collector(name: str) -> bool:
    """Whether a host collects for whoever asks it to."""
    return _below(name, _COLLECTORS)


def _expected(name: str) -> bool:
    return _below(name, _EXPECTED) or name.rpartition(".")[0].rpartition(".")[2] in _REGISTRIES


def _below(name: str, hosts: frozenset[str]) -> bool:
    """Whether a host is one of some, or below one."""
    while name:
        if name in hosts:
            return True
        name = name.partition(".")[2]
    return False
