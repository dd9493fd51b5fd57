"""The tokens that tell by their shape who issued them: one line a format."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from pipelaw.facts import secret_checks as check
from pipelaw.facts.secret_checks import Verdict
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

_Judge: TypeAlias = "Verdict | Callable[[str], Verdict]"
_Row: TypeAlias = tuple[str, str, str, _Judge]


class Format(NamedTuple):
    """One shape of token."""

    provider: str
    """What people call it: `GitHub token`."""
    prefix: str
    """A text that is in every token of this shape, for a quick look."""
    pattern: str
    judge: _Judge
    """What the token's own text says about it, its checksum for one."""

    def verdict(self, token: str) -> Verdict:
        """Whether a text of this shape is such a token."""
        return self.judge if isinstance(self.judge, Verdict) else self.judge(token)


@cache
def regex(token: str) -> re.Pattern[str]:
    """The token up to the end of a word; compiled when a text first has its prefix."""
    return pattern(rf"(?:{token})(?![A-Za-z0-9])")


SURE, DOUBTFUL = Verdict.SURE, Verdict.DOUBTFUL
_HEX = "[0-9a-f]"
_WORD = r"[\w-]"
_ALNUM = "[A-Za-z0-9]"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


_GITLAB = (
    r"gl(?:pat|rt|rtr|dt|ptt|ft|imt|agent|wt|soat|ffct|oas|cbt)-[\w-]{20,300}"
    r"(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?"
)
_BREAK = r"(?:\\n|\\r|[\s\"',])"
_PRIVATE_KEY = (
    rf"-----BEGIN (?:[A-Z]+ ){{0,2}}PRIVATE KEY(?: BLOCK)?-----{_BREAK}*+"
    rf"(?:(?:Proc-Type|DEK-Info|Version|Comment): [^\n\\]*{_BREAK}*+){{0,4}}"
    r"[A-Za-z0-9+/=]{30}(?:[A-Za-z0-9+/=\s\\\"',:]|-(?!-)){0,12000}+(?:-----END [A-Z ]+-----)?"
)

_FORGES: tuple[_Row, ...] = (
    ("GitHub token", "ghp_", rf"ghp_{_ALNUM}{{36}}", check.base62),
    ("GitHub OAuth token", "gho_", rf"gho_{_ALNUM}{{36}}", check.base62),
    ("GitHub user token", "ghu_", rf"ghu_{_ALNUM}{{36}}", check.base62),
    ("GitHub installation token", "ghs_", rf"ghs_{_ALNUM}{{36}}", check.base62),
    ("GitHub installation token", "ghs_", r"ghs_\d+_eyJ[\w-]+\.[\w-]+\.[\w-]+", SURE),
    ("GitHub refresh token", "ghr_", rf"ghr_{_ALNUM}{{36,76}}", check.base62),
    ("GitHub token", "github_pat_", rf"github_pat_{_ALNUM}{{22}}_{_ALNUM}{{59}}", SURE),
    (
        "GitLab token",
        "gl",
        _GITLAB,
        check.gitlab,
    ),
    ("GitLab runner registration token", "GR1348941", rf"GR1348941{_WORD}{{20}}", SURE),
    ("Bitbucket token", "ATBB", rf"ATBB{_ALNUM}{{28,40}}", DOUBTFUL),
    ("Bitbucket token", "ATCTT3xFfG", r"ATCTT3xFfG[\w=-]{150,200}", SURE),
    ("Atlassian token", "ATATT3xFfG", r"ATATT3xFfG[\w=-]{150,200}", SURE),
    ("CircleCI token", "CCIP", rf"CCIP(?:AT|RJ)_{_ALNUM}{{22}}_{_HEX}{{40}}", SURE),
    ("Buildkite token", "bkua_", rf"bkua_{_HEX}{{40}}", SURE),
    ("Harness token", "at.", rf"[ps]at\.{_WORD}{{22}}\.{_HEX}{{24}}\.{_ALNUM}{{20}}", SURE),
    ("Octopus Deploy key", "API-", r"API-[A-Z0-9]{25,30}", DOUBTFUL),
    ("Sourcegraph token", "sgp_", rf"sgp_(?:[0-9a-f]{{16}}_|local_)?{_HEX}{{40}}", SURE),
)

_CLOUDS: tuple[_Row, ...] = (
    ("AWS access key id", "AKIA", r"AKIA[A-Z0-9]{16}", check.aws),
    ("AWS access key id", "ASIA", r"ASIA[A-Z0-9]{16}", check.aws),
    ("AWS access key id", "A3T", r"A3T[A-Z0-9]{17}", DOUBTFUL),
    ("AWS Bedrock key", "ABSK", r"ABSK[A-Za-z0-9+/]{109,269}={0,2}", SURE),
    ("Azure client secret", "Q~", r"[\w~.-]{3}\dQ~[\w~.-]{31,34}", SURE),
    ("Azure storage key", "AccountKey=", r"(?<=AccountKey=)[A-Za-z0-9+/]{86}==", SURE),
    ("Azure access key", "AccessKey=", r"(?<=AccessKey=)[A-Za-z0-9+/]{43,64}=", SURE),
    (
        "Azure shared access signature",
        "sig=",
        r"(?<=sig=)[A-Za-z0-9%+/]{43,60}(?:%3D|=)",
        SURE,
    ),
    ("Azure DevOps token", "AZDO", rf"{_ALNUM}{{76}}AZDO{_ALNUM}{{4,5}}", SURE),
    ("Google API key", "AIza", rf"AIza{_WORD}{{35}}", DOUBTFUL),
    ("Google OAuth secret", "GOCSPX-", rf"GOCSPX-{_WORD}{{28}}", SURE),
    ("Google OAuth token", "ya29.", rf"ya29\.{_WORD}{{40,}}", SURE),
    ("DigitalOcean token", "_v1_", rf"do[opr]_v1_{_HEX}{{64}}", SURE),
    ("Alibaba Cloud access key id", "LTAI", rf"LTAI{_ALNUM}{{16,20}}", DOUBTFUL),
    ("Tencent Cloud secret id", "AKID", rf"AKID{_ALNUM}{{32}}", DOUBTFUL),
    ("Heroku key", "HRKU-", rf"HRKU-{_WORD}{{36,60}}", SURE),
    ("Fly.io token", "fm2_", r"fm2_[A-Za-z0-9+/=_]{100,}", SURE),
    ("Netlify token", "nfp_", rf"nfp_{_ALNUM}{{36}}", SURE),
    ("Cloudflare token", "cf", rf"cf(?:ut|at|k)_{_WORD}{{40,64}}", SURE),
    ("Cloudflare key", "v1.0-", rf"v1\.0-{_HEX}{{24}}-{_HEX}{{146}}", SURE),
    ("Vercel token", "vc", rf"vc[apikr]_{_ALNUM}{{24,60}}", DOUBTFUL),
    ("Supabase token", "sbp_", rf"sbp_(?:v0_)?{_HEX}{{40}}", SURE),
    ("Supabase secret key", "sb_secret_", rf"sb_secret_{_WORD}{{22,48}}", SURE),
    ("PlanetScale token", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}", SURE),
    ("Databricks token", "dapi", rf"dapi{_HEX}{{32}}(?:-\d)?", SURE),
    ("Scaleway key id", "SCW", r"SCW[A-Z0-9]{17}", DOUBTFUL),
    ("Pulumi token", "pul-", rf"pul-{_HEX}{{40}}", SURE),
    ("Terraform Cloud token", "atlasv1", rf"{_ALNUM}{{14}}\.atlasv1\.[\w=-]{{60,70}}", SURE),
    ("Vault token", "hv", rf"hv[sbr]\.{_WORD}{{24,300}}", SURE),
    ("Doppler token", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,60}", SURE),
    ("Infracost key", "ico-", rf"ico-{_ALNUM}{{32}}", SURE),
    ("Tailscale key", "tskey-", r"tskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{16,}", SURE),
    ("OpenShift token", "sha256~", rf"sha256~{_WORD}{{43}}", SURE),
    ("1Password service account", "ops_eyJ", r"ops_eyJ[\w=+/-]{200,}", SURE),
)

_REGISTRIES: tuple[_Row, ...] = (
    ("npm token", "npm_", rf"npm_{_ALNUM}{{36}}", check.base62),
    ("PyPI token", "pypi-", rf"pypi-AgE{_WORD}{{50,1000}}", SURE),
    ("RubyGems key", "rubygems_", rf"rubygems_{_HEX}{{48}}", SURE),
    ("crates.io token", "cio", rf"cio{_ALNUM}{{32}}", DOUBTFUL),
    ("NuGet key", "oy2", r"oy2[a-z0-9]{43}", SURE),
    ("Packagist token", "packagist_", rf"packagist_[a-z]{{3}}_{_HEX}{{68}}", SURE),
    ("Clojars token", "CLOJARS_", rf"CLOJARS_{_HEX}{{60}}", SURE),
    ("Docker Hub token", "dckr_", rf"dckr_(?:pat_{_WORD}{{27}}|oat_{_WORD}{{32}})", SURE),
    ("Artifactory key", "AKCp", rf"AKCp{_ALNUM}{{69,}}", SURE),
    ("Artifactory token", "cmVmdGtuO", rf"cmVmdGtuO{_ALNUM}{{50,60}}", SURE),
    ("Hex.pm key", "hex_", rf"hex_{_HEX}{{32}}", DOUBTFUL),
    ("Expo token", "expo_", rf"expo_{_WORD}{{40}}", DOUBTFUL),
)

_SERVICES: tuple[_Row, ...] = (
    ("Stripe live key", "k_live_", rf"[sr]k_live_{_ALNUM}{{10,200}}", SURE),
    ("Stripe webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/]{32,64}=?", SURE),
    ("Twilio key", "SK", rf"SK{_HEX}{{32}}", DOUBTFUL),
    ("SendGrid key", "SG.", rf"SG\.{_WORD}{{22}}\.{_WORD}{{43}}", SURE),
    ("Mailgun key", "key-", rf"key-{_HEX}{{32}}", DOUBTFUL),
    ("Mailchimp key", "-us", rf"{_HEX}{{32}}-us\d\d?", SURE),
    ("Brevo key", "xkeysib-", rf"xkeysib-{_HEX}{{64}}-{_ALNUM}{{16}}", SURE),
    ("Shopify token", "shp", rf"shp(?:at|ca|pa|ss)_{_HEX}{{32}}", SURE),
    ("Square token", "sq0", rf"sq0(?:atp|csp)-{_WORD}{{22,43}}", SURE),
    ("Sonar token", "sq", rf"sq[upa]_{_HEX}{{40}}", SURE),
    ("Grafana token", "glsa_", rf"glsa_{_ALNUM}{{32}}_[0-9A-Fa-f]{{8}}", SURE),
    ("Grafana Cloud token", "glc_", r"glc_[A-Za-z0-9+/]{32,400}={0,2}", SURE),
    ("Sentry token", "sntryu_", rf"sntryu_{_HEX}{{64}}", SURE),
    ("Sentry token", "sntrys_", r"sntrys_eyJ[A-Za-z0-9+/=]{20,}_[A-Za-z0-9+/]{40,}", SURE),
    ("New Relic key", "NRAK-", r"NRAK-[A-Z0-9]{27}", SURE),
    ("Dynatrace token", "dt0", r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}", SURE),
    ("Linear key", "lin_", rf"lin_(?:api|oauth)_{_ALNUM}{{32,64}}", SURE),
    ("Notion token", "ntn_", rf"ntn_{_ALNUM}{{43,50}}", SURE),
    ("Airtable token", "pat", rf"pat{_ALNUM}{{14}}\.{_HEX}{{64}}", SURE),
    ("Postman key", "PMAK-", rf"PMAK-{_HEX}{{24}}-{_HEX}{{34}}", SURE),
    ("Figma token", "figd_", rf"figd_{_WORD}{{40}}", SURE),
    ("Contentful token", "CFPAT-", rf"CFPAT-{_WORD}{{43}}", SURE),
    ("LaunchDarkly key", "sdk-", rf"sdk-{_UUID}", DOUBTFUL),
    ("Snyk token", "snyk_", r"snyk_(?:uat|sat)\.[\w.-]{40,}", SURE),
    ("Socket token", "sktsec_", r"sktsec_[\w-]{40,}", SURE),
    ("ReadMe key", "rdme_", r"rdme_[a-z0-9]{70}", SURE),
    ("Prefect key", "pnu_", rf"pnu_{_ALNUM}{{36}}", SURE),
    ("Dropbox token", "sl.", rf"sl\.{_WORD}{{130,}}", SURE),
    ("Duffel token", "duffel_", r"duffel_live_[\w=-]{43}", SURE),
    ("Shippo token", "shippo_", rf"shippo_live_{_HEX}{{40}}", SURE),
    ("EasyPost key", "EZ", rf"EZAK{_ALNUM}{{54}}", SURE),
)

_MODELS: tuple[_Row, ...] = (
    ("OpenAI key", "T3BlbkFJ", rf"sk-{_WORD}{{20,}}T3BlbkFJ{_WORD}{{20,}}", SURE),
    ("Anthropic key", "sk-ant-", rf"sk-ant-{_WORD}+-{_WORD}{{80,}}", SURE),
    ("OpenRouter key", "sk-or-", rf"sk-or-v1-{_HEX}{{64}}", SURE),
    ("Hugging Face token", "hf_", r"hf_[A-Za-z]{34}", SURE),
    ("Replicate token", "r8_", rf"r8_{_ALNUM}{{37}}", SURE),
    ("Groq key", "gsk_", rf"gsk_{_ALNUM}{{52}}", SURE),
    ("xAI key", "xai-", rf"xai-{_ALNUM}{{80}}", SURE),
    ("Perplexity key", "pplx-", rf"pplx-{_ALNUM}{{48}}", SURE),
    ("LangSmith key", "lsv2_", rf"lsv2_(?:pt|sk)_{_HEX}{{32}}_{_HEX}{{10}}", SURE),
    ("Pinecone key", "pcsk_", r"pcsk_[A-Za-z0-9_]{60,80}", SURE),
)

_CHATS: tuple[_Row, ...] = (
    ("Slack token", "xox", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{20,400}", SURE),
    ("Slack app token", "xapp-", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{32,}", SURE),
    (
        "Slack webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+]{30,120}",
        SURE,
    ),
    (
        "Discord webhook",
        "/api/webhooks/",
        rf"discord(?:app)?\.com/api/webhooks/\d{{17,20}}/{_WORD}{{60,}}",
        SURE,
    ),
    (
        "Teams webhook",
        "/IncomingWebhook/",
        rf"webhook\.office\.com/webhookb2/[\w@-]+/IncomingWebhook/{_HEX}{{32}}/{_UUID}",
        SURE,
    ),
    (
        "Feishu webhook",
        "/bot/v2/hook/",
        rf"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/{_UUID}",
        SURE,
    ),
    (
        "WeCom webhook",
        "/cgi-bin/webhook/",
        rf"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key={_UUID}",
        SURE,
    ),
    ("ServerChan key", ".ftqq.com/", rf"sc(?:tapi)?\.ftqq\.com/SC[TU]{_ALNUM}{{20,80}}", SURE),
    ("Telegram bot token", ":AA", rf"(?:bot)?\d{{8,10}}:AA{_WORD}{{33}}", SURE),
)

_KEYS: tuple[_Row, ...] = (
    (
        "private key",
        "PRIVATE KEY",
        _PRIVATE_KEY,
        check.private_key,
    ),
    ("age private key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}", SURE),
    ("JSON web token", "eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}", check.web_token),
)

FORMATS = tuple(
    Format(*row)
    for row in (*_FORGES, *_CLOUDS, *_REGISTRIES, *_SERVICES, *_MODELS, *_CHATS, *_KEYS)
)
"""Every shape, in the order in which they are tried."""
