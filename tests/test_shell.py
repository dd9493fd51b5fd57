from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelaw import document
from pipelaw.document import Place, ScalarNode, SequenceNode, join
from pipelaw.facts import shell, shell_starters, shell_words
from pipelaw.facts.shell_fetch import may_fetch, may_run_remote
from pipelaw.source import Source

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from pipelaw.model import Command
    from pipelaw.place import Text


def text(code: str) -> Text:
    """A script that is one scalar."""
    start, end = yaml.Mark("", 0, 0, 0, "", 0), yaml.Mark("", len(code), 0, len(code), "", 0)
    node = ScalarNode("", code, start, end, style="")
    return join([Place(Source("x.yml", code), node, node)])


def read(code: str, kind: str = "bash") -> list[Command]:
    return list(shell.commands(text(code), kind))


def names(code: str, kind: str = "bash") -> list[str]:
    return [command.name for command in read(code, kind)]


def written(place: Place) -> str:
    """The characters of the file that a place covers."""
    start, end = place.indices()
    return place.source.text[start:end]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", []),
        ("# only a comment", []),
        ("a", ["a"]),
        ("a; b & c || d && e\nf", ["a", "b", "c", "d", "e", "f"]),
        ("a | b |& c", ["a", "b", "c"]),
        ("a | b | c x\nd y >> z\ne", ["a", "b", "c", "d", "e"]),
        ("a |\n  b |\n  c x  # and\nd y > z", ["a", "b", "c", "d"]),
        ("a | b | c x\nd <<E\ne\nE", ["a", "b", "c", "d"]),
        ("a | b | c x \\\n  y\nd > z", ["a", "b", "c", "d"]),
        ("cat <<E | b\na | b | c\nd > e\nE\nf", ["cat", "b", "f"]),
        ("(a; b) | { c; d; }", ["a", "b", "c", "d"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("for x in $(a); do b; done; while c; do d; done", ["a", "b", "c", "d"]),
        ("case $x in a|b) c ;; *) d | e ;; esac", ["c", "d", "e"]),
        ("f() { a; }; function g { b; }; f", ["a", "b", "f"]),
        ("! a && time -p b", ["a", "b"]),
        ("a $(b `c`) <(d) ${x:-$(e)}", ["a", "b", "c", "d", "e"]),
        ('[ "$(a)" = b ] && [[ -n $(c) ]]', ["a", "c"]),
        ("X=$(a) Y=1", ["a"]),
        ("X=$(a) b", ["b", "a"]),
        ("export X=$(a)", ["export", "a"]),
        ("PATH=$PATH:$ROOT/bin", []),
        ("> file", []),
        ("a > $(b)", ["a", "b"]),
        ("cat <<END\n$(a)\nEND\nb", ["cat", "a", "b"]),
        ("cat <<'END'\n$(a)\nEND\nb", ["cat", "b"]),
        ("x=1\n! a", ["a"]),
        ("cat <<END && a | b\nx\nEND\nc", ["cat", "a", "b", "c"]),
        ("cat <<END $(a)\nx\nEND", ["cat", "a"]),
        ("a > >(b) 2>&1", ["a", "b"]),
        ("a <<< 'x' <<< $(b)", ["a", "b"]),
    ],
)
def test_one_command_for_each_simple_command_in_source_order(
    code: str, expected: list[str]
) -> None:
    assert names(code) == expected


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("a \"b\"c'd'$e", ["a", "bcd$e"]),
        ('a "x\\"y\\\\" "\\$z" "\\n"', ["a", 'x"y\\', "$z", "\\n"]),
        ("a $'b\\n\\'c' $\"d e\"", ["a", "b\n'c", "d e"]),
        ('a "${B:-"c"}" $(d "e") "\\"$(f "g")\\""', ["a", '${B:-"c"}', '$(d "e")', '"$(f "g")"']),
        ("a \\\n  b", ["a", "b"]),
        ("a $X/b$Y.c ${Z}/d", ["a", "$X/b$Y.c", "${Z}/d"]),
        ("a 2>&1 >f b < g c", ["a", "b", "c"]),
        ("a {b,c} ~/d *.e", ["a", "{b,c}", "~/d", "*.e"]),
        ("/usr/bin/a b", ["/usr/bin/a", "b"]),
        ("a \u00e9\u00e8 '\U0001f600' b", ["a", "\u00e9\u00e8", "\U0001f600", "b"]),
    ],
)
def test_words_without_quotes_expansions_as_written(code: str, words: list[str]) -> None:
    assert list(read(code)[0].words) == words


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("sudo -E -u root env A=b C=d make all", "make", ["make", "all"]),
        ("A=b C=d make", "make", ["make"]),
        ("timeout -k 5 30s nice -n 10 nohup make", "make", ["make"]),
        ("find . | xargs -0 -n 1 -I{} rm {}", "rm", ["rm", "{}"]),
        ("exec ./run.sh x", "run.sh", ["./run.sh", "x"]),
        ("retry 3 curl x", "curl", ["curl", "x"]),
        ("stdbuf -oL busybox wget x", "wget", ["wget", "x"]),
        ("command -v make", "command", ["command", "-v", "make"]),
        ("command make", "make", ["make"]),
        ("sudo -- make -j", "make", ["make", "-j"]),
        ("sudo", "sudo", ["sudo"]),
        ("sudo -i", "sudo", ["sudo", "-i"]),
        ("C:/tools/jq.exe .", "jq", ["C:/tools/jq.exe", "."]),
        ('"$DIR/bin/tool" x', "tool", ["$DIR/bin/tool", "x"]),
        ("$(which a/b) x", "$(which a/b)", ["$(which a/b)", "x"]),
        ("${X/a/b} x", "${X/a/b}", ["${X/a/b}", "x"]),
    ],
)
def test_wrappers_are_peeled_off(code: str, name: str, words: list[str]) -> None:
    last = next(command for command in read(code) if command.name != "find")

    assert (last.name, list(last.words)) == (name, words)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a | sudo b", {"b": "a"}),
        ("a | (b; c) | d", {"b": "a", "c": "a", "d": "c"}),
        ("bash <(a)", {"bash": "a"}),
        ("b < <(a | c)", {"b": "c", "c": "a"}),
        ('sh -c "$(a)"', {"sh": "a"}),
        ('bash <<< "$(a)"', {"bash": "a"}),
        ('eval "$(a)"', {"eval": "a"}),
        ("source <(a)", {"source": "a"}),
        ("cat <<E | b\nx\nE\n", {"b": "cat"}),
        ("a && cat <<E | b > f && c\nx\nE\n", {"b": "cat"}),
    ],
)
def test_input_is_the_program_that_a_command_reads(code: str, expected: dict[str, str]) -> None:
    found = {command.name: command.input for command in read(code) if command.input}

    assert found == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a > f", {"a": ("f",)}),
        ('a >> "$OUT" 2>/dev/null', {"a": ("$OUT",)}),
        ("a &> f; b 1>g; c 2> h; d >&2; e > /dev/null", {"a": ("f",), "b": ("g",)}),
        ("a > $X/b$Y.c d", {"a": ("$X/b$Y.c",)}),
        ("a | b > f", {"b": ("f",)}),
        ("a && b > f", {"b": ("f",)}),
        ("{ a; b > g; } > f", {"a": ("f",), "b": ("g",)}),
        ("if a; then b; fi >> f", {"a": ("f",), "b": ("f",)}),
        ("a | sudo tee -a f > /dev/null", {"a": ("f",), "tee": ("f",)}),
        ("cat <<E >> f\nx\nE\n", {"cat": ("f",)}),
        ("x=$(a) > f; (b | c) > g", {"c": ("g",)}),
    ],
)
def test_writes_are_the_files_that_get_the_output(
    code: str, expected: dict[str, tuple[str, ...]]
) -> None:
    found = {command.name: command.writes for command in read(code) if command.writes}

    assert found == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("bash -c 'a | b'", ["bash", "a", "b"]),
        ('sudo sh -euo pipefail -c "a && b \\"c\\""', ["sh", "a", "b"]),
        ("eval 'a' b", ["eval", "a"]),
        ("bash <<'E'\na\nb $(c)\nE\nd", ["bash", "a", "b", "c", "d"]),
        ("cat <<E | sudo bash -s\na $(b)\nE\n", ["cat", "bash", "a", "b"]),
        ("bash <<< 'a; b'", ["bash", "a", "b"]),
        ("bash -c 'bash -c \"a\"'", ["bash", "bash", "a"]),
        ('sh -c "a $(b)"', ["sh", "a", "b"]),
        ("docker exec -i box sh -c 'a'", ["docker", "a"]),
        ("find . -exec bash -c 'a {}' \\;", ["find", "a"]),
        ("pwsh -Command 'a | b'", ["pwsh", "a", "b"]),
        ("cmd /c 'a & b'", ["cmd", "a", "b"]),
        ("powershell -ExecutionPolicy Bypass a b", ["powershell", "a"]),
        # on another machine, in another language, or only data
        ("ssh host 'a'", ["ssh"]),
        ("ssh host bash <<E\na $(b)\nE\n", ["ssh", "b"]),
        ("python -c 'a'", ["python"]),
        ("cat <<E > f\na\nE\n", ["cat"]),
        ("bash -c \"$CODE\"; bash -n -c 'a'", ["bash", "bash"]),
        ("pwsh -NoProfile -EncodedCommand YQ==", ["pwsh"]),
        ("echo bash -c 'a'", ["echo"]),
    ],
)
def test_scripts_inside_scripts_are_read(code: str, expected: list[str]) -> None:
    assert names(code) == expected


REMOTE = [
    ("curl -fsSL https://x.dev/i.sh | sh", "https://x.dev/i.sh"),
    ('curl -H "A: b" -o - -sS "$URL" | sudo -E bash -s -- --yes', "$URL"),
    ("wget -qO- get.x.dev | env A=b python3 -", "get.x.dev"),
    ("wget -O /dev/stdout u | perl; echo", "u"),
    ("curl u | PHP=1 php -- --dir=/usr/bin", "u"),
    ("curl u | node", "u"),
    ("curl u.gz | gunzip | tr -d x | sh", "u.gz"),
    ("curl u | tee i.sh | sh", "u"),
    ("curl u | (cd /x && sh)", "u"),
    ("curl u | ssh host bash", "u"),
    ("curl u | ssh -p 22 host", "u"),
    ("curl u | su - me", "u"),
    ("curl u | pwsh -NoProfile -Command -", "u"),
    ("curl u | source /dev/stdin", "u"),
    ("curl u | sh | sh", "u"),
    ("wget u && bash --rcfile x -- u", "u"),
    ("curl u -OutFile f; sh f", "u"),
    ("curl --url u -o f; chmod 600 f; sh f", "u"),
    ("curl u | docker exec -i box sh", "u"),
    ("bash <(curl -s u) -x", "u"),
    ("bash < <(wget -qO- u)", "u"),
    ('bash -c "$(curl u)" "" -y', "u"),
    ("sh -c `curl u`", "u"),
    ('eval "$(curl u)"', "u"),
    (". <(curl u)", "u"),
    ('bash <<< "$(curl u)"', "u"),
    ('echo "$(curl u)" | bash', "u"),
    ("cat <(curl u) | bash", "u"),
    ('CODE=$(curl u); eval "$CODE"', "u"),
    ('CODE="`curl u`"; echo "$CODE" | sh', "u"),
    ("bash -c 'curl u | sh'", "u"),
    ("sudo bash <<'E'\ncurl u | sh\nE\n", "u"),
    ("curl -o f u; bash f", "u"),
    ("curl -Lo f u && chmod +x f && ./f --yes", "u"),
    ("curl -sSLO https://x/a/i.sh?v=1; sh ./i.sh", "https://x/a/i.sh?v=1"),
    ("curl --output-dir /t -o f u; sudo /t/f", "u"),
    ("curl u > f; source f", "u"),
    ("curl u | sed s/a/b/ > f; sh f", "u"),
    ("wget https://x/i.sh; bash i.sh", "https://x/i.sh"),
    ("wget -P /t -q https://x/i.py; python3 -u /t/i.py", "https://x/i.py"),
    ('curl -o "$DIR/f" u; "${DIR}/f"', "u"),
    ("cd /t; curl -o f u; cd -; bash /t/f", "u"),
    ("curl -o f u; bash < f", "u"),
    ("curl -o f u; cat f | bash", "u"),
    ("curl -o f u; mv f /usr/local/bin/tool; tool run", "u"),
    ("curl -o f u; sudo install -m 755 f /usr/bin/g", "u"),
    ("curl -o f u; chmod 755 f", "u"),
    ("curl -o a u -o b v; sh b", "v"),
    ("wget u/f.jar; java -jar f.jar", "u/f.jar"),
    ("curl -o f u; docker run -v $PWD:/w box bash f", "u"),
    ("echo list | xargs -I% curl % | sh", "%"),
    ("curl -o f.deb u; sudo dpkg -i f.deb", "u"),
    ("wget u/f.deb && apt-get install -y ./f.deb", "u/f.deb"),
    ("curl -o f.rpm u\nsudo rpm -ivh f.rpm", "u"),
    ("curl -o /t/f.rpm u && dnf -y install /t/f.rpm", "u"),
    ("curl -o f.pkg u; sudo installer -pkg f.pkg -target /", "u"),
    ("curl -o f.rpm u; zypper --non-interactive install f.rpm", "u"),
    ("curl -o f.apk u && apk add --allow-untrusted f.apk", "u"),
    ("curl -o f.snap u; sudo snap install --dangerous f.snap", "u"),
    ("sudo dnf install -y https://x.dev/f-$V.noarch.rpm", "https://x.dev/f-$V.noarch.rpm"),
    ("yum -y localinstall http://x.dev/f.rpm", "http://x.dev/f.rpm"),
    ("rpm -Uvh https://x.dev/f.rpm", "https://x.dev/f.rpm"),
    ("dnf install https://x.dev/f$(rpm -E %dist).rpm", "https://x.dev/f$(rpm -E %dist).rpm"),
    ("zypper in https://x.dev/f.rpm", "https://x.dev/f.rpm"),
    ("msiexec /i https://x.dev/f.msi /qn", "https://x.dev/f.msi"),
    ("pacman -U --noconfirm https://x.dev/f.pkg.tar.zst", "https://x.dev/f.pkg.tar.zst"),
    ("gsutil -m cp gs://b/i.sh . && bash i.sh", "gs://b/i.sh"),
    ("gcloud storage cp gs://b/i.sh /t/x.sh; sh /t/x.sh", "gs://b/i.sh"),
    ("aws s3 cp --region eu s3://b/i.sh - | bash", "s3://b/i.sh"),
    ("deno run --allow-net https://x.dev/ci.ts a", "https://x.dev/ci.ts"),
    ("uv run https://x.dev/ci.py", "https://x.dev/ci.py"),
    ("jbang https://x.dev/Ci.java", "https://x.dev/Ci.java"),
    ("php -r \"copy('https://x.dev/i', 's.php');\"; php s.php", "https://x.dev/i"),
    ("curl -sL u | tar xvzf - -C /usr/local/bin --strip-components=1 tool", "u"),
    ('curl -L "u" | sudo tar -C /usr/local -xz', "u"),
    ("wget -qO- u | tar -xzC ~/.local/bin", "u"),
    ("wget u/t.tgz && tar --extract --file t.tgz --directory=/usr/bin", "u/t.tgz"),
    ("curl -fLo t.zip u; sudo unzip -o t.zip tool -d /usr/local/bin", "u"),
    ('curl -o t u; tar xf t -C "$HOME/.local/bin/"', "u"),
    ("curl -sL u | tar zxC /usr/local/bin", "u"),
    ("curl -o t u; sudo tar xzvfC t /usr/bin; tool run", "u"),
    ("curl -sL u | tar xz tool && ./tool", "u"),
    ("wget u/t.tgz; tar -xzf t.tgz -C /t --strip-components 1 '*/tool'; /t/tool", "u/t.tgz"),
    ("curl -o t.zip u; unzip -q t.zip x/tool -d/t; chmod +x /t/x/tool", "u"),
    ("curl -o t u; tar --get --file=t tool; sudo mv tool /usr/local/bin/", "u"),
    ("curl -o t u; tar -xf t tool; mv tool ~/bin/t2", "u"),
    ("wget u/t.gz; gunzip t.gz; chmod +x t; ./t", "u/t.gz"),
    (
        "python - <<'E'\nimport urllib.request as u\nexec(u.urlopen('https://x.dev/i').read())\nE",
        "https://x.dev/i",
    ),
    (
        "python3 -c \"import urllib.request as u; exec(u.urlopen('https://x.dev/i').read())\"",
        "https://x.dev/i",
    ),
]


@pytest.mark.parametrize(("code", "address"), REMOTE)
def test_code_from_the_network_that_runs(code: str, address: str) -> None:
    found = [(command.remote, command.verified) for command in read(code) if command.remote]

    assert found == [(address, False)]
    assert may_fetch(code.lower())
    assert may_run_remote(code.lower())


@pytest.mark.parametrize(
    "code",
    [
        "curl u | jq . | grep x",
        "curl u | tar xz && ./configure",
        "curl u | python -m json.tool",
        "curl u | python3 -c 'import sys'",
        "curl u | node -e 'x' | perl -ne 'y' | ruby -rjson -e z",
        "curl u | sudo tee /etc/apt/sources.list.d/x.list",
        "curl u | bash -n",
        "curl u | bash script.sh",
        "curl u | xargs bash",
        "curl u | while read -r x; do bash y; done",
        "curl -o f u | sh",
        "wget u | sh",
        "curl localhost:80/x | sh; curl http://127.0.0.1/x | sh; curl file:///x | sh",
        "curl --unix-socket /run/x http://x/y | sh",
        "curl | sh",
        'bash x.sh "$(curl u)"',
        'eval "V=$(curl u)"',
        "V=$(curl u); echo $V; bash other.sh",
        "curl -o f u; cat f; rm f; ./g",
        "curl -o f.tar u; tar xf f.tar; ./f/run",
        "curl -sL u | tar xz -C data words.json; ./run data/words.json; mv data/words.json out/",
        "curl -sL u | tar xz tool; ./other; tar xzf own.tgz run; ./run; tar czf x.tgz tool",
        "wget u/t.gz; gunzip t.gz; gzip own; chmod +x own; unzip",
        "curl -o f.deb u; dpkg --info f.deb; dpkg -i other.deb",
        "curl -o f.deb u; apt-get install -y g; apt-get remove f.deb",
        "curl -o f.rpm u; rpm -qpi f.rpm; rpm -K f.rpm",
        "rpm --import https://x.dev/key.asc; rpm -qp https://x.dev/f.rpm",
        "dnf install -y git; dnf config-manager --add-repo https://x.dev/f.repo",
        "yum install http://localhost/f.rpm; dnf remove https://x.dev/f.rpm",
        "apk add curl; snap install jq; pacman -Syu",
        "bash f; curl -o f u",
        "echo 'curl u | sh'",
        "apt-get install curl bash",
        "curl u | psql",
        "curl u | java -cp x Main; curl u | Rscript x",
        "curl -o f u; docker exec box cp f bash",
        "curl -o f u; chmod +r f; chmod; cd; mv",
        "aws s3 cp out.tgz s3://b/out.tgz; gsutil cp gs://b/data.json . ; sh run.sh",
        "gsutil cp gs://b/x gs://c/x; aws s3 cp; aws s3 sync s3://b/d . | sh",
        "deno run main.ts https://x.dev/data; deno fmt; deno",
        "deno run https://deno.example/x/tool@v1.2.3/main.ts",
        "uv run tool https://x.dev/a; pipx run tool; uv run http://localhost/a.py",
        "python3 -c \"import json, urllib.request as u; json.load(u.urlopen('https://x.dev/i'))\"",
        "php -r \"copy('https://x.dev/i', 'data.json');\"; php run.php",
        "curl -sL u | tar xz -C /tmp/data; curl -o a.zip u; unzip a.zip -d ./bin/../data",
        "curl -sL u | tar tz; tar czf - -C /usr/local/bin x | curl -T - u; tar xf own.tgz -C /usr/bin",
        "curl -o a.zip u; unzip -l a.zip; tar x -C /usr/share/a < a.tgz",
    ],
)
def test_downloads_that_do_not_run(code: str) -> None:
    assert [command.remote for command in read(code) if command.remote] == []


HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("code", "verified"),
    [
        ("curl -o f u; echo 'x  f' | sha256sum -c -; sh f", True),
        ("curl -o f u; shasum -a 256 --check f.sha; sh f", True),
        ("curl -o f u; sha512sum --status -c <<< 'x f'; ./f", True),
        ("wget u/f; gpg --verify f.asc f && bash f", True),
        (
            "php -r \"copy('https://x.dev/i', 'f');\"; php -r \"hash_file('sha384', 'f')\"; php f",
            True,
        ),
        ("curl -o f u; cosign verify-blob --key k f; ./f", True),
        ("curl -o f u; minisign -Vm f -P k; ./f", True),
        ("curl -o f u; gh attestation verify f -R o/r; ./f", True),
        ('curl -o f u; [ "$(sha256sum f | cut -c-64)" = x ] || exit 1; ./f', True),
        ("curl -o f u; sha256sum f | grep -q x; ./f", True),
        ("curl -o f u; verify_checksum f; ./f", True),
        ("curl -o f u; openssl dgst -verify key.pem -signature f.sig f; ./f", True),
        ('curl -o f u; test "$(openssl dgst -sha256 f)" = x; ./f', True),
        ("curl -o f u; openssl dgst -sha256 f; ./f", False),
        ("curl -o verify.sh u; ./verify.sh", False),
        ("curl -o f u; chmod +x f; sha256sum -c sums", True),
        ("curl -o t u; sha256sum -c sums; tar xf t tool; ./tool", True),
        ("curl -sL u | tar xz tool; ./tool; sha256sum -c sums", False),
        (f"curl https://raw.x/o/r/{HASH[:40]}/i.sh | sh", True),
        (f"curl https://x/{HASH}/i.sh | sh", True),
        (f"REV={HASH[:40]}; curl https://raw.x/o/r/$REV/i.sh | sh", True),
        ('curl "https://raw.x/o/r/$GIT_SHA/i.sh" | sh', True),
        ("curl -o f u; sha256sum f; sh f", False),
        ("curl -o f u; sh f; sha256sum -c sums", False),
        ("sha256sum -c sums; curl -o f u; sh f", False),
        (f"curl https://x/{HASH[:30]}/i.sh | sh", False),
        (f"curl https://x/i.sh?t={HASH[:40]} | sh", False),
        ("curl https://raw.x/o/r/$REV/i.sh | sh", False),
        ("gpg --import k; curl -o f u; gpg --list-keys; sh f", False),
    ],
)
def test_checks_between_download_and_run(code: str, verified: bool) -> None:
    assert [command.verified for command in read(code) if command.remote] == [verified]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("set -e\ncurl u |\n  sudo sh -s\ndone", "curl u |\n  sudo sh -s"),
        ("curl -o f u; A=1 sh f -x > g", "A=1 sh f -x > g"),
        ('X=1; bash -c "$(curl u)" y', 'bash -c "$(curl u)" y'),
        ("bash -c 'a; curl u | sh; b'", "curl u | sh"),
        ("X=$(a) Y=1\n! bash <(curl u)", "! bash <(curl u)"),
        ('bash -c "a \\"x\\"; curl u | sh"', '"a \\"x\\"; curl u | sh"'),
        ("cat <<E | bash\na\n curl u | sh\nE\n", "curl u | sh"),
        ("echo \u00e9\u20ac \U0001f600; curl u/\u00e9 | sh", "curl u/\u00e9 | sh"),
    ],
)
def test_the_place_runs_from_the_download_to_the_runner(code: str, expected: str) -> None:
    (command,) = (command for command in read(code) if command.remote)

    assert code[command.place.start : command.place.end] == expected


def test_places_in_a_list_of_lines_and_in_a_block() -> None:
    source = Source(
        "x.yml",
        "- echo one\n- 'curl ''a b'' -s | sh'\n- |\n  first \\\n    $(inner)\n  curl u | sh  # mark\n",
    )
    (root,) = document.parse(source)
    assert isinstance(root, SequenceNode)

    found = shell.commands(join([Place(source, node, node) for node in root.value]), "bash")

    assert [(written(command.place), command.place.span().line) for command in found] == [
        ("echo one", 1),
        ("curl ''a b'' -s", 2),
        ("curl ''a b'' -s | sh", 2),
        ("first \\\n    $(inner)", 4),
        ("inner", 5),
        ("curl u", 6),
        ("curl u | sh", 6),
    ]


def test_text_is_as_written_without_the_body_of_a_here_document() -> None:
    found = read("sudo A=1 foo 'b c' >> d 2>&1\ncat <<'END' > f\nbody\nEND\n")

    assert [command.text for command in found] == [
        "sudo A=1 foo 'b c' >> d 2>&1",
        "cat <<'END' > f",
    ]


@pytest.mark.parametrize(
    "template",
    [
        "${{ inputs.a }}",
        "${{ format('{0} \"', \"x\") || ')' }}",
        "$[[ inputs.a | expand_vars ]]",
        "{{ a.b }}",
        "{{a}}",
        "${A##*/}",
    ],
)
def test_templates_do_not_derail(template: str) -> None:
    found = read(
        f"run --x={template} 'a' && ./{template}/b.sh | tee \"{template}\"\n{template}\nend"
    )

    assert [list(command.words) for command in found] == [
        ["run", f"--x={template}", "a"],
        [f"./{template}/b.sh"],
        ["tee", template],
        [template],
        ["end"],
    ]


def test_templates_that_do_not_end_or_hold_quotes() -> None:
    assert names("a {{ 'b' \"c\" }} | d; e ${{ f") == ["a", "d", "e"]
    assert [list(c.words) for c in read("a ${{ b | c }}/d", "pwsh")] == [["a", "${{ b | c }}/d"]]


def test_strange_characters_do_not_move_anything() -> None:
    code = "a '\u00e9' \x00 \u2028 b\r\nc '\U0001f600' $(d)\n"

    assert [code[c.place.start] for c in read(code)] == ["a", "c", "d"]


def test_broken_scripts_give_what_can_be_had() -> None:
    assert "b" in names("a\nif then ((\nb x\n")
    assert names("a\necho 'open\nb") == ["a", "echo"] or "a" in names("a\necho 'open\nb")


POWERSHELL = [
    ("iwr -useb https://x/i.ps1 | iex", "https://x/i.ps1"),
    ("iex (irm https://x/i.ps1)", "https://x/i.ps1"),
    ("iex -Command (irm https://x/i.ps1)", "https://x/i.ps1"),
    ("Start-BitsTransfer -Source u -Destination a.ps1; ./a.ps1", "u"),
    ("iex ((New-Object Net.WebClient).DownloadString('https://x/i.ps1'))", "https://x/i.ps1"),
    ("(New-Object Net.WebClient).DownloadString('https://x/i.ps1') | iex", "https://x/i.ps1"),
    ('Invoke-Expression "& { $(Invoke-RestMethod https://x/i.ps1) } -y"', "https://x/i.ps1"),
    ("& ([scriptblock]::Create((irm https://x/i.ps1))) -y", "https://x/i.ps1"),
    ("$code = irm https://x/i.ps1\niex $code", "https://x/i.ps1"),
    ("Invoke-WebRequest -Uri $url -OutFile a.ps1; .\\a.ps1 -y", "$url"),
    ('iwr $url -OutFile "$env:TEMP\\a.exe"\n& "$env:TEMP\\a.exe" /S', "$url"),
    ("iwr $url -OutFile a.exe\nStart-Process -Wait -FilePath a.exe", "$url"),
    ("(New-Object Net.WebClient).DownloadFile('u', 'a.exe'); ./a.exe", "u"),
    ("irm u | Out-File a.ps1; pwsh -NoProfile -File a.ps1", "u"),
    ("pwsh -Command 'irm u | iex'", "u"),
    ("irm u | pwsh -", "u"),
    ("iwr u -OutFile a.ps1; powershell .\\a.ps1", "u"),
]


@pytest.mark.parametrize(("code", "address"), POWERSHELL)
def test_code_from_the_network_in_powershell(code: str, address: str) -> None:
    found = [(command.remote, command.verified) for command in read(code, "pwsh") if command.remote]

    assert found == [(address, False)]
    assert may_fetch(code.lower())
    assert may_run_remote(code.lower())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a -B $c | b; c && d\ne", ["a", "b", "c", "d", "e"]),
        ("if (a b) { c } else { d }\nforeach ($x in $y) { e }", ["a", "c", "d", "e"]),
        ("$x = a `\n  b\nreturn c", ["a", "c"]),
        ("# a\n<# b\nc #> d 'e;f' \"g|h\"", ["d"]),
        ("$h = @{ a = 1; b = (c) }\n& d", ["c", "d"]),
        ("foo @'\na; b\n'@\nbar", ["foo", "bar"]),
        ("'text' > f", [""]),
        ("'text'\n$x\n[int]$y", []),
    ],
)
def test_commands_of_powershell(code: str, expected: list[str]) -> None:
    assert names(code, "pwsh") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("'A=b' >> $env:OUT", ("$env:OUT",)),
        ("echo 'A=b' | Out-File -FilePath $env:OUT -Append", ("$env:OUT",)),
        ("echo 'A=b' | Add-Content out", ("out",)),
        ("echo 'A=b' 2> f", ()),
    ],
)
def test_files_that_powershell_writes(code: str, expected: tuple[str, ...]) -> None:
    assert read(code, "pwsh")[0].writes == expected


def test_a_check_in_powershell() -> None:
    code = "iwr u -OutFile a.exe\nif ((Get-FileHash a.exe).Hash -ne $sum) { exit 1 }\n./a.exe"

    assert [c.verified for c in read(code, "powershell") if c.remote] == [True]


def test_commands_of_cmd() -> None:
    code = '@echo off\nrem curl\n:: note\ncall build.bat %X% ^\n  more && "a b.exe" | find "x|y" > out\n'

    found = read(code, "cmd")

    assert [command.name for command in found] == ["echo", "build.bat", "a b", "find"]
    assert found[1].words == ("build.bat", "%X%", "more")
    assert (found[3].input, found[3].writes) == ("a b", ("out",))


def test_code_from_the_network_in_cmd() -> None:
    code = 'curl -o a.exe u && a.exe /S\npowershell -Command "iwr v | iex"'

    assert [command.remote for command in read(code, "cmd") if command.remote] == ["u", "v"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("", 1),
        ("sh", 1),
        ("/bin/bash -e {0}", 1),
        ("arch -x86_64 zsh {0}", 1),
        ("pwsh", 1),
        ("powershell -command \". '{0}'\"", 1),
        ("cmd", 1),
        ("python", 0),
        ("node {0}", 0),
        ("javascript", 0),
    ],
)
def test_shells(kind: str, expected: int) -> None:
    assert len(shell.commands(text("echo hello"), kind)) == expected


def test_commands_are_a_sequence_that_keeps_its_result() -> None:
    found = shell.commands(text("a; b; c"), "bash")

    assert [command.name for command in found[1:]] == ["b", "c"]
    assert found[0] is found[0]
    assert found[-1] in found


def test_nothing_is_parsed_before_somebody_looks() -> None:
    code = (
        "import sys\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "from pipelaw.facts import shell\n"
        "from pipelaw.place import Text\n"
        "shell.commands(Text('a', ()), 'bash')\n"
        "sys.exit('tree_sitter' in sys.modules)\n"
    )
    folder = str(Path(shell.__file__).parents[2])

    assert subprocess.run([sys.executable, "-c", code, folder], check=False).returncode == 0


REPARSED = [
    'eval "run @"',
    'bash -c "run @"',
    "bash -c 'eval @'",
    'bash -c "it\\"s \'x\' @"',
    "sh -c 'run '@",
    'sudo -u me bash -euo pipefail -c "run @"',
    'find . -exec sh -c "run @" \\;',
    'docker exec box bash -c "run @"',
    'xargs sh -c "run @"',
    'su me -c "run @"',
    "python -c \"print('@')\"",
    'perl -pe "s/@//" f',
    "node --eval \"f('@')\"",
    'ruby -e "@"',
    'php -r "@;"',
    'ssh -p 22 host "run @"',
    "ssh host run @",
    'awk "/@/ {print}" f',
    'sed -i "s/a/@/" f',
    'psql -U me -c "select @"',
    'mysql -u root db -e "select @"',
    'sqlite3 f.db "select @"',
    "cat <<E | bash\nrun @\nE\n",
    'python - <<E\nprint("@")\nE\n',
    "ssh host <<E\n@\nE\n",
    'bash <<< "run @"',
    'echo "@" | sh',
    "printf %s @ | envsubst | sudo bash -s",
    "envsubst '@' < plan.sh | sh",
    "echo \"@\" | cat | xargs -r -I{} sh -c 'run {}'",
    'eval "$(echo "@")"',
    "source @",
    '. "./@/env"',
    'trap "run @" ERR EXIT',
    'source <(echo "A=@")',
    'bash <(printf "%s" "run @")',
    'python3 <(echo "run(@)")',
    'watch -n 5 "run @"',
    "watch run @",
    "parallel -j 4 'run {} '@ ::: a b",
    'script -q -e -c "run @" /dev/null',
    'script -qec "run @" /dev/null',
    'flock -x /tmp/lock -c "run @"',
    'sg docker -c "run @"',
    'sudo tmux new-session -d -s me "run @"',
    'tmux send-keys -t me "run @" Enter',
    'concurrently --names a,b "npm start" "run @"',
    'hyperfine --warmup 3 "run @"',
    'nodemon --exec "run @"',
    'nix-shell -p hello --run "run @"',
    'vagrant ssh box -c "run @"',
    'gcloud compute ssh box --command="run @"',
    "ansible all -m shell -a 'run '@",
    'pdsh -w a,b "run @"',
]
DATA = [
    "watch -x run @",
    "parallel run ::: a @",
    'flock /tmp/lock run "@"',
    "tmux rename-window @",
    "tmux new-session -s @ run",
    'script "@"',
    './watch "@"',
    'script/parallel "@"',
    'nodemon run.js "@"',
    "vagrant up @",
    'gcloud run deploy a --image "@"',
    'hyperfine -N "run @"',
    'cat <(echo "@")',
    "source <(printf 'A=%q' \"@\")",
    'bash run.sh <(echo "@")',
    'awk -f <(echo "@") plan.txt',
    'bash $(echo "@")',
    'echo "@"',
    "bash -c 'run @'",
    "bash -c 'it\\ run @'",
    "echo a\\'b @",
    'bash -c \'run "$1"\' -- "@"',
    'bash run.sh "@"',
    'eval "$(run "@")"',
    "python -c 'print(@)'",
    "awk -v x=\"@\" '{print x}' f",
    "cat <<'E' | bash\nrun @\nE\n",
    "cat <<E > f\n@\nE\n",
    'cat <<< "@"',
    'echo "@" | tee f',
    "envsubst '@' < plan.txt > f",
    'envsubst "@" < plan.sh | sh',
    'echo "@" | xargs -I{} sh -c \'run "$1"\' -- {}',
    'echo "@" | xargs -n1 run',
    'git commit -m "@"',
    "docker exec box run @",
    "trap 'run @' EXIT",
    'trap - "@"',
    'trap "@"',
]


@pytest.mark.parametrize(
    ("code", "expected"), [*((code, True) for code in REPARSED), *((code, False) for code in DATA)]
)
def test_expansions_that_an_interpreter_reads_as_code(code: str, expected: bool) -> None:
    start = code.index("@")
    code = code.replace("@", "$MESSAGE")

    assert shell.reparsed(text(code), "bash", start, start + len("$MESSAGE")) is expected


def test_the_programs_that_hand_words_to_a_shell_are_those_that_scripts_are_searched_for() -> None:
    assert frozenset(shell_starters.STARTERS) == shell_words.STARTERS


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("pwsh", 'Invoke-Expression "run $env:M"', True),
        ("pwsh", "iex 'run $env:M'", False),
        ("pwsh", 'echo "$env:M"', False),
        ("cmd", "echo %M%", True),
        ("python", "print('%M%')", False),
    ],
)
def test_expansions_in_other_shells(kind: str, code: str, expected: bool) -> None:
    start = max(code.find("$"), code.find("%"))

    assert shell.reparsed(text(code), kind, start, start + 3) is expected


PIECES = [
    *"( ) [[ ]] $( ${ } { ; & && || | < > >> 2>&1 <<< <<A <<'A' ' \" ` $ # x= =~ ! if then fi".split(),
    *"do done for while case esac in ;; $(( )) * \\ $'x' ${{ }} {{ }} $[[ ]] bash -c eval".split(),
    *"sh curl wget -o f u ./f chmod +x mv sudo env xargs tee cat echo source . iwr iex @{".split(),
    *"@' '@ <# #> `\n A=$(curl .DownloadString('u') \u00e9 \U0001f600 \x00 \r \u2028".split(" "),
    "\n",
    "\nA\n",
]
SHELLS = ["bash", "pwsh", "cmd"]


def check(code: str, kind: str) -> None:
    """What holds for whatever text."""
    found = read(code, kind)
    for command in found:
        assert 0 <= command.place.start < command.place.end <= len(code)
        assert command.words
        assert command.name or command.writes
        assert not command.verified or command.remote
        assert not command.remote or (may_fetch(code.lower()) and may_run_remote(code.lower()))
    assert shell.reparsed(text(code), kind, 0, 1) in (True, False)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1),
    st.sampled_from(["", " "]),
    st.sampled_from(SHELLS),
)
def test_any_pieces_in_any_order(pieces: list[str], glue: str, kind: str) -> None:
    check(glue.join(pieces), kind)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1), st.sampled_from(SHELLS))
def test_any_text(code: str, kind: str) -> None:
    check(code, kind)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(SHELLS))
def test_any_damage_to_a_script(chance: random.Random, kind: str) -> None:
    code = list("\n".join(chance.sample([code for code, _ in REMOTE + POWERSHELL] + REPARSED, 4)))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(code))
        code[at : at + chance.randint(0, 5)] = chance.choice(PIECES)
    check("".join(code), kind)


@pytest.mark.parametrize("kind", SHELLS)
@pytest.mark.parametrize(
    "unit",
    [
        "a | ",
        "x=(",
        ")",
        "$[",
        "[[ a =~ (",
        "<<<{`",
        'sh -c "x $(',
        "((((a))))",
        "${{",
        "$[[",
        "@'\n",
    ],
)
def test_long_nonsense_is_read_in_pieces(unit: str, kind: str) -> None:
    check(unit * (22_000 // len(unit)) + "\ncurl u | sh\n", kind)


def test_scripts_inside_scripts_are_not_read_without_end() -> None:
    code = 'eval "echo $(' * 40 + "a" + ')"' * 40

    assert len(read(code)) < 200


def test_a_long_script_is_read_to_its_end() -> None:
    code = "echo $(date) | tee log\n" * 3_000 + "curl u | sh\n"

    found = read(code)

    assert len(found) == 9_002
    assert code[found[-1].place.start : found[-1].place.end] == "curl u | sh"


CORPUS = os.environ.get("PIPELAW_CORPUS", "")


def scalars(node: object, keys: frozenset[str]) -> Iterable[str]:
    """The texts below certain keys."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from scalars(value, keys)
    elif isinstance(node, list):
        for item in node:
            yield from scalars(item, keys)


@pytest.mark.skipif(not CORPUS, reason="PIPELAW_CORPUS names no folder of real pipelines")
def test_real_scripts() -> None:
    files = sorted(Path(CORPUS, "github").rglob("*.yml"))[:300]
    scripts = 0
    for path in files:
        try:
            roots = list(yaml.load_all(path.read_text("utf-8-sig"), Loader=yaml.CBaseLoader))
        except yaml.YAMLError:
            continue
        for code in scalars(roots, frozenset(["run"])):
            scripts += 1
            check(code, "bash")
    assert scripts > 100
