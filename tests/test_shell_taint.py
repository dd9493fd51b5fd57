"""Foreign text followed through scripts of the shell."""

from __future__ import annotations

import pytest

from pipelaw.facts.shell_effects import Effects, Given
from pipelaw.facts.shell_taint import run
from pipelaw.facts.taint import Taint, strongest, taints

TITLE = Taint("an outsider", "text", outsider=True)


def effects(code: str) -> Effects:
    return run(
        code,
        Given(
            variables={"title": TITLE, "branch": TITLE._replace(charset="branch")},
            stores={"store": "store"},
            produce=lambda words, _files: TITLE if words[0] == "ask" else None,
            file=lambda path: TITLE if path.startswith("theirs") else None,
        ),
    )


def stored(code: str) -> list[str]:
    """What each write to the store holds of the foreign text: its charset, or clean."""
    found: list[str] = []
    for write in effects(code).files.get("store", ()):
        taint = strongest(taints(write.value))
        found.append("clean" if taint is None else taint.charset)
    return found


@pytest.mark.parametrize(
    ("code", "charset"),
    [
        ('echo "A=$TITLE" >> $STORE', "text"),
        ('a | b | tee c\necho "A=$TITLE" >> $STORE', "text"),
        ('for f in theirs/*/x; do echo "A=$(cat $f)" >> $STORE; done', "text"),
        ('for f in own/*/x; do echo "A=$(cat $f)" >> $STORE; done', "clean"),
        ('echo "A=${TITLE}" >> "${STORE}"', "text"),
        ('echo "A=$(tail -n +2 <<< "$TITLE")" >> $STORE', "text"),
        ("echo \"A=$(echo $BRANCH | tr -c 'a-z0-9\\n' '-')\" >> $STORE", "clean"),
        ("echo \"A=$(echo \"$TITLE\" | tr -c 'a-z0-9\\n' '-')\" >> $STORE", "text"),
        ("echo 'A=$TITLE' >> $STORE", "clean"),
        ("echo A=$TITLE >> $STORE", "words"),
        ('echo A=$(echo "$TITLE") >> $STORE', "words"),
        ('echo "A=$(echo $TITLE)" >> $STORE', "words"),
        ('echo "A=$BRANCH" >> $STORE', "branch"),
        ('echo "A=${#TITLE}" >> $STORE', "clean"),
        ('echo "A=${TITLE//[^a-z0-9]/}" >> $STORE', "clean"),
        ("echo \"A=${TITLE//$'\\n'/ }\" >> $STORE", "line"),
        ("echo \"A=${TITLE//[$'\\r\\n']/ }\" >> $STORE", "line"),
        ('echo "A=${TITLE//[[:space:]]/ }" >> $STORE', "line"),
        ('echo "A=${TITLE//[^[:print:]]/}" >> $STORE', "line"),
        ("echo \"A=${TITLE//$'\\r'/}\" >> $STORE", "text"),
        ("echo \"A=${TITLE//[^$'\\n']/}\" >> $STORE", "text"),
        ("echo \"A=${TITLE%%$'\\n'*}\" >> $STORE", "line"),
        ('echo "A=${OTHER:-$TITLE}" >> $STORE', "text"),
        ("printf 'A=%s\\n' \"$TITLE\" >> $STORE", "text"),
        ("printf 'A=%q\\n' \"$TITLE\" >> $STORE", "line"),
        ("printf 'A=%d\\n' \"$TITLE\" >> $STORE", "clean"),
        ('x="$TITLE"\necho "A=$x" >> $STORE', "text"),
        ('x=a\nx+=$TITLE\necho "A=$x" >> $STORE', "text"),
        ('x=(a "$TITLE")\necho "A=${x[1]}" >> $STORE', "text"),
        ('x=("$TITLE")\nx[1]=b\necho "A=${x[*]}" >> $STORE', "text"),
        ('x=("$TITLE")\nx=(b)\necho "A=${x[*]}" >> $STORE', "clean"),
        ('x=("$TITLE")\nif test -f y; then x=(b); fi\necho "A=${x[*]}" >> $STORE', "text"),
        ('x=(a)\nx+=("$TITLE")\nfor y in "${x[@]}"; do echo "A=$y" >> $STORE; done', "words"),
        ('export x="$TITLE"\necho "A=$x" >> $STORE', "text"),
        ('x="$TITLE"\nx=constant\necho "A=$x" >> $STORE', "clean"),
        ('x="$TITLE"\nif test -f y; then x=constant; fi\necho "A=$x" >> $STORE', "text"),
        ('echo "$TITLE" | tr -d "\\n" >> $STORE', "line"),
        ("echo \"A=$(echo \"$TITLE\" | tr '\\n' ' ')\" >> $STORE", "line"),
        ('echo "A=$(echo "$TITLE" | tr , \'\\n\')" >> $STORE', "text"),
        ('echo "A=$(echo "$TITLE" | tr -cd \'[:alnum:]_\')" >> $STORE', "clean"),
        ('echo "A=$(echo "$TITLE" | head -n 1)" >> $STORE', "line"),
        ('echo "A=$(echo "$TITLE" | head -n 5)" >> $STORE', "text"),
        ('echo "A=$(tail -1 theirs.txt)" >> $STORE', "line"),
        ('echo "A=$(echo "$TITLE" | grep -oE \'[0-9]+\')" >> $STORE', "clean"),
        ('echo "A=$(echo "$TITLE" | grep -o \'x.*\')" >> $STORE', "text"),
        ('echo "A=$(echo "$TITLE" | sed \'s/[^a-z]//g\')" >> $STORE', "clean"),
        ('echo "A=$(echo "$TITLE" | sed \'s/a/b/\')" >> $STORE', "text"),
        ('echo "A=$(echo "$TITLE" | sha256sum)" >> $STORE', "clean"),
        ('echo "A=$(ask)" >> $STORE', "text"),
        ('exec >> $STORE\necho "A=$TITLE"', "text"),
        ('exec 1>> "$STORE"\nprintf "A=%s" "$TITLE" | tr -d "\\n"', "line"),
        ('exec 3>> "$STORE"\necho "A=$TITLE" >&3', "text"),
        ("cat <<EOF | envsubst | tee -a $STORE\nA=$TITLE\nEOF\n", "text"),
        ("envsubst <<'EOF' >> $STORE\nA=${TITLE}\nEOF\n", "text"),
        ("echo 'A=$TITLE' | envsubst '$OTHER' >> $STORE", "clean"),
        ("echo 'A=$BRANCH $TITLE' | envsubst '$BRANCH' >> $STORE", "branch"),
        ("jq -r 'to_entries[]|\"\\(.key)=\\(.value)\"' theirs.json >> $STORE", "text"),
        ('read -r x <<< "$TITLE"\necho "A=$x" >> $STORE', "line"),
        ('mapfile -t x <<< "$TITLE"\necho "A=${x[0]}" >> $STORE', "text"),
        ('echo "A=$(ask | jq -r .x)" >> $STORE', "text"),
        ('echo "A=$(ask | jq .x)" >> $STORE', "line"),
        ('echo "A=$(ask | jq -r .x | length)" >> $STORE', "clean"),
        ('echo "A=$(unknown "$TITLE")" >> $STORE', "clean"),
        ('echo "A=$(cat theirs.txt)" >> $STORE', "text"),
        ('echo "A=$(<theirs.txt)" >> $STORE', "text"),
        ('echo "A=$(cat ours.txt)" >> $STORE', "clean"),
        ("cat theirs.txt >> $STORE", "text"),
        ("cat <<END >> $STORE\nA=$TITLE\nEND", "text"),
        ("cat <<'END' >> $STORE\nA=$TITLE\nEND", "clean"),
        ("cat <<END | tee -a $STORE\nA=$TITLE\nEND", "text"),
        ("cat > f <<END\n$TITLE\nEND\ncat f >> $STORE", "text"),
        ('{ echo A; echo "$TITLE"; } >> $STORE', "text"),
        ('( echo "$TITLE" ) >> $STORE', "text"),
        ('f() { echo "A=$1" >> $STORE; }\nf "$TITLE"', "text"),
        ('while read -r x; do echo "A=$x" >> $STORE; done < theirs.txt', "line"),
        ('for x in $(ask); do echo "A=$x" >> $STORE; done', "words"),
        ('if ! [[ $TITLE =~ ^[a-z]+$ ]]; then exit 1; fi\necho "A=$TITLE" >> $STORE', "clean"),
        ('if [[ $TITLE =~ ^[a-z]+$ ]]; then echo "A=$TITLE" >> $STORE; fi', "clean"),
        ('if [[ $TITLE =~ x ]]; then echo "A=$TITLE" >> $STORE; fi', "text"),
        ('if [[ -z $X || ! $TITLE =~ ^a$ ]]; then exit 1; fi\necho "A=$TITLE" >> $STORE', "clean"),
        ('if [[ -z $X && ! $TITLE =~ ^a$ ]]; then exit 1; fi\necho "A=$TITLE" >> $STORE', "text"),
        ('if [ "$TITLE" = main ]; then :; else echo "A=$TITLE" >> $STORE; fi', "text"),
        (
            'if [ $TITLE != a ] && [ $TITLE != b ]; then exit; fi\necho "A=$TITLE" >> $STORE',
            "clean",
        ),
        ('if [[ $TITLE == a || $TITLE == b ]]; then echo "A=$TITLE" >> $STORE; fi', "clean"),
        ('if [[ $TITLE == a || $X == b ]]; then echo "A=$TITLE" >> $STORE; fi', "text"),
        ('if [[ $TITLE == run* ]]; then echo "A=$TITLE" >> $STORE; fi', "text"),
        ('if [[ $TITLE =~ ^run ]]; then echo "A=$TITLE" >> $STORE; fi', "text"),
        ('if [[ $TITLE =~ ^[a-z;]+$ ]]; then echo "A=$TITLE" >> $STORE; fi', "text"),
        ('if [[ $TITLE =~ ^[a-z._-]+$ ]]; then echo "A=$TITLE" >> $STORE; fi', "clean"),
        ('[[ $TITLE =~ ^[a-z]+$ ]] || exit 1\necho "A=$TITLE" >> $STORE', "clean"),
        ('[[ $TITLE =~ ^run\\ +[a-z_-]+$ ]] || exit 1\necho "A=$TITLE" >> $STORE', "clean"),
        ('[[ $TITLE =~ ^run[[:space:]]+[a-z_-]+$ ]] || exit 1\necho "A=$TITLE" >> $STORE', "clean"),
        ('[[ $TITLE =~ ^run\\ +[a-z_=-]+$ ]] || exit 1\necho "A=$TITLE" >> $STORE', "text"),
        ("[[ $TITLE =~ ^'run it: '[a-z]+$ ]] || exit 1\necho \"A=$TITLE\" >> $STORE", "clean"),
        ('[[ $TITLE =~ ^[a-z]+$ ]] || echo bad\necho "A=$TITLE" >> $STORE', "text"),
        ('[[ $TITLE =~ ^[a-z]+$ ]] && echo "A=$TITLE" >> $STORE', "clean"),
        ('[[ $TITLE =~ ^[a-z]+$ ]] && true\necho "A=$TITLE" >> $STORE', "text"),
        ('[[ ! $TITLE =~ ^[a-z]+$ ]] && exit 1\necho "A=$TITLE" >> $STORE', "clean"),
        ('case $TITLE in a|b) ;; *) exit 1 ;; esac\necho "A=$TITLE" >> $STORE', "clean"),
        ('case $TITLE in a|b*) ;; *) exit 1 ;; esac\necho "A=$TITLE" >> $STORE', "text"),
        ('case $TITLE in a) ;; *) echo bad ;; esac\necho "A=$TITLE" >> $STORE', "text"),
        ("case $TITLE in ''|*[!0-9]*) exit 1 ;; esac\necho \"A=$TITLE\" >> $STORE", "clean"),
        ('case $TITLE in a) echo "A=$TITLE" >> $STORE ;; esac', "clean"),
        ('case "$(ask)" in *) echo "A=$TITLE" >> $STORE ;; esac', "text"),
        ('echo "$BRANCH" | grep -qE \'^[a-z]+$\' || exit 1\necho "A=$BRANCH" >> $STORE', "clean"),
        ('grep -qxE \'[a-z]+\' <<< "$BRANCH" || exit 1\necho "A=$BRANCH" >> $STORE', "clean"),
        ('grep -qE \'^[a-z]\' <<< "$BRANCH" || exit 1\necho "A=$BRANCH" >> $STORE', "branch"),
        ('grep -qxE \'[a-z]+\' <<< "$TITLE" || exit 1\necho "A=$TITLE" >> $STORE', "text"),
        ("ask | xargs -n1 dirname >> $STORE", "text"),
        ('echo "A=$(base64 -d <<< "$BRANCH")" >> $STORE', "text"),
        ('echo "A=$(base64 <<< "$TITLE")" >> $STORE', "clean"),
        ("printenv TITLE >> $STORE", "text"),
        ('echo "A=$x $TITLE" >> $STORE', "text"),
        ('echo "A=$(jq -nr --arg t "$TITLE" \'$t\')" >> $STORE', "text"),
        ('echo "A=$(jq -nc --arg t "$TITLE" \'{t: $t}\')" >> $STORE', "line"),
        ('echo "A=$(jq -nr --arg t "$TITLE" \'$t | length\')" >> $STORE', "clean"),
        ('for w in $(ask); do x="$x $w"; done\necho "A=$x" >> $STORE', "words"),
        ('set -- $TITLE\necho "A=$2" >> $STORE', "words"),
        ('[[ $TITLE =~ ^run\\ (.+)$ ]]\necho "A=${BASH_REMATCH[1]}" >> $STORE', "text"),
        ('[[ "$TITLE" =~ ^run\\ ([0-9]+)$ ]]\necho "A=${BASH_REMATCH[1]}" >> $STORE', "clean"),
        ('[[ "$TITLE" =~ v[0-9.]+ ]]\necho "A=${BASH_REMATCH[0]}" >> $STORE', "clean"),
        ('[[ "$TITLE" =~ v.+ ]]\necho "A=${BASH_REMATCH[0]}" >> $STORE', "text"),
        ('r="v[0-9]+"\n[[ "$TITLE" =~ $r ]]\necho "A=${BASH_REMATCH}" >> $STORE', "clean"),
        ('r=\'v(.+)\'\n[[ "$TITLE" =~ $r ]]\necho "A=${BASH_REMATCH[1]}" >> $STORE', "text"),
        ('[[ "$TITLE" =~ $r ]]\necho "A=${BASH_REMATCH[1]}" >> $STORE', "text"),
        ('echo "A=$(python3 -c \'import os; print(os.environ["TITLE"])\')" >> $STORE', "text"),
        ("echo \"A=$(node -p 'process.env.TITLE.split(1)[0]')\" >> $STORE", "text"),
        ("echo \"A=$(node -p 'process.env.TITLE.length')\" >> $STORE", "clean"),
        ("echo \"A=$(ask | python -c 'import sys; print(sys.stdin.read())')\" >> $STORE", "text"),
        ('echo "A=$(python3 tool.py)" >> $STORE', "clean"),
    ],
)
def test_what_is_left_of_a_text(code: str, charset: str) -> None:
    assert stored(code) == [charset]


@pytest.mark.parametrize(
    ("code", "sinks"),
    [
        ('eval "$TITLE"', [("script", '"$TITLE"')]),
        ("eval '$TITLE'", []),
        ('eval "run ${TITLE@Q}"', []),
        ('x=$(printf %q "$TITLE")\nssh host "run $x" && echo "$x" | sh', []),
        ('python3 -c "print(${TITLE@Q})"', [("script", '"print(${TITLE@Q})"')]),
        ('bash -c "echo $TITLE"', [("script", '"echo $TITLE"')]),
        ('bash -c "echo $x $TITLE"', [("script", '"echo $x $TITLE"')]),
        ("bash -c 'echo \"$TITLE\"'", []),
        ('sudo sh -c "$TITLE"', [("script", '"$TITLE"')]),
        ('echo "$TITLE" | bash', [("script", "bash")]),
        ('python3 -c "print($TITLE)"', [("script", '"print($TITLE)"')]),
        ('x=$(ask)\neval "$x"', [("script", '"$x"')]),
        ('sed "s/a/$TITLE/" f', [("argument", '"s/a/$TITLE/"')]),
        ('awk -v t="$TITLE" 1 f', []),
        ('awk "{ print $TITLE }" f', [("argument", '"{ print $TITLE }"')]),
        ("x=$TITLE\n$x", [("script", "$x")]),
        ('x=(-c "$TITLE")\nbash "${x[@]}"', [("script", '"${x[@]}"')]),
        ('x=()\nx+=(-c)\nx+=("$TITLE")\nsudo sh "${x[@]}"', [("script", '"${x[@]}"')]),
        ('x=(echo "$TITLE")\n"${x[@]}"', []),
        ('x=(eval "$TITLE")\n"${x[@]}"', [("script", '"${x[@]}"')]),
        ('x=(-m "$TITLE")\ngit log --author "$TITLE" "${x[@]}"', []),
        ('x=(log "$TITLE")\ngit "${x[@]}"', [("argument", '"${x[@]}"')]),
        ('x=(log)\ny=("${x[@]}" -- "$TITLE")\ngit "${y[@]}"', []),
        ('sudo "$TITLE" now', [("script", '"$TITLE"')]),
        ('./"$TITLE".sh', []),
        ('source <(echo "$TITLE")', [("script", '<(echo "$TITLE")')]),
        ('echo "run $TITLE" > job.sh\n./job.sh', [("script", "./job.sh")]),
        ("cat > ./job.py <<END\n$TITLE\nEND\npython job.py", [("script", "job.py")]),
        ('echo "$TITLE" > note.txt\n./check.sh note.txt', []),
        ('echo run > job.sh\n./job.sh "$TITLE"', []),
        ('echo "$TITLE" | xargs -I{} sh -c "run {}"', [("script", '"run {}"')]),
        ('echo "$TITLE" | xargs -n1 sh -c \'run "$1"\' _', []),
        ('echo "$TITLE" | xargs pytest -k x', [("argument", "pytest -k x")]),
        ('echo "$TITLE" | xargs pytest --', []),
        ('echo "$TITLE" | xargs rm', []),
        ('find . -name "$TITLE"', []),
        ("find . -name $TITLE", [("argument", "$TITLE")]),
        ("find . -exec sh -c 'echo $0' \"$TITLE\" \\;", []),
        ('find . -exec sh -c "$TITLE" \\;', [("script", '"$TITLE"')]),
        ('find . -exec ls {} + "$TITLE"', [("argument", '"$TITLE"')]),
        ('git -c core.pager="$TITLE" log', [("argument", 'core.pager="$TITLE"')]),
        ('git -c user.name="$TITLE" commit', []),
        ('git -c "alias.x=!$TITLE" x', [("argument", '"alias.x=!$TITLE"')]),
        ('ssh -o ProxyCommand="$TITLE" host', [("argument", 'ProxyCommand="$TITLE"')]),
        ('ssh -o User="$TITLE" host', []),
        ('tar -xf a.tar --to-command "$TITLE"', [("argument", '"$TITLE"')]),
        ('rsync -e "$TITLE" a b:', [("argument", '"$TITLE"')]),
        ('make -C docs site NAME="$TITLE"', [("argument", 'NAME="$TITLE"')]),
        ('make "NAME:=a $TITLE"', [("argument", '"NAME:=a $TITLE"')]),
        ('just note="$TITLE" build', [("argument", 'note="$TITLE"')]),
        ('make site < "$TITLE"', []),
        ('NAME="$TITLE" make site', []),
        ('gh api x -F body="$TITLE"', [("argument", 'body="$TITLE"')]),
        ('gh api x --field=body="$TITLE"', [("argument", '--field=body="$TITLE"')]),
        ('gh workflow run x.yml -F "in[a]=$TITLE"', [("argument", '"in[a]=$TITLE"')]),
        ('gh api x -F body="By $TITLE"', []),
        ('gh api x -f body="$TITLE"', []),
        ('gh api x --raw-field=body="$TITLE"', []),
        ('gh issue comment 1 --body="$TITLE"', []),
        ('find "$TITLE" -name x', [("argument", '"$TITLE"')]),
        ('pytest -k "$TITLE"', []),
        ('docker build -t "$TITLE" .', []),
        ("git checkout $TITLE", [("argument", "$TITLE")]),
        ('git checkout "origin/$TITLE"', []),
        ('git checkout -- "$TITLE"', []),
        ('git config user.name "$TITLE"', []),
        ("git checkout $BRANCH", []),
        ('tar xf "$TITLE"', [("argument", '"$TITLE"')]),
        ('curl "https://$TITLE/x"', [("address", '"https://$TITLE/x"')]),
        ('curl "$TITLE"', [("address", '"$TITLE"')]),
        ('curl "https://example.org/$TITLE"', []),
        ('case $TITLE in https://example.org/*) curl "$TITLE" ;; esac', []),
        ('case $TITLE in https://*) curl "$TITLE" ;; esac', [("address", '"$TITLE"')]),
        ('case $TITLE in https://example.org/*) ;; *) exit 1 ;; esac\ncurl "$TITLE"', []),
        (
            'case $TITLE in https://example.org/*|http*) ;; *) exit 1 ;; esac\ncurl "$TITLE"',
            [("address", '"$TITLE"')],
        ),
        (
            'case $TITLE in https://example.org/*) ;; *) echo ;; esac\ncurl "$TITLE"',
            [("address", '"$TITLE"')],
        ),
        ('[[ $TITLE == https://example.org/* ]] || exit 1\ncurl "$TITLE"', []),
        ('[[ $TITLE =~ ^https://example\\.org/ ]] && curl "$TITLE"', []),
        ('if [[ $TITLE == /run* ]]; then eval "$TITLE"; fi', [("script", '"$TITLE"')]),
        ('docker run "$TITLE"', [("argument", '"$TITLE"')]),
        ('docker run --rm tool:1 "$TITLE"', []),
        ('curl -d "$TITLE" https://example.org', []),
        ('echo "$TITLE"', []),
        ("[[ $TITLE -gt 1 ]] && true", [("arithmetic", "$TITLE")]),
        ('if [[ -n x && "$TITLE" -eq 1 ]]; then true; fi', [("arithmetic", '"$TITLE"')]),
        ("(( TITLE > 3 )) && true", [("arithmetic", "TITLE")]),
        ("while (( $TITLE > 3 )); do true; done", [("arithmetic", "$TITLE")]),
        ("n=$(( TITLE + 1 ))", [("arithmetic", "TITLE")]),
        ("echo $((2 * ${TITLE}))", [("arithmetic", "${TITLE}")]),
        ("x=$(cut -d: -f2 <<< $TITLE)\nlet y=x+1", [("arithmetic", "y=x+1")]),
        ('let "y = $TITLE"', [("arithmetic", '"y = $TITLE"')]),
        ("[ $TITLE -gt 1 ] && test $TITLE -lt 3", []),
        ("(( ${#TITLE} > 3 )) && [[ ${#TITLE} -gt 3 ]]", []),
        ("[[ $TITLE =~ ^[0-9]+$ ]] || exit 1\n(( TITLE > 3 ))", []),
        ("n=$(echo $TITLE | wc -l)\n[[ $n -gt 3 ]]", []),
        ("n=$(echo $TITLE | awk '{print length}')\n[[ $n -gt 3 ]]", []),
        ("n=$(echo $TITLE | awk 'END { print NR }')\n(( n > 3 ))", []),
        ("n=$(grep -oE '[0-9]+' <<< $TITLE)\nlet m=n", []),
        ("(( BRANCH > 3 ))", []),  # which holds no brackets
        ("[[ $TITLE == 1 || $TITLE < 3 ]]", []),
    ],
)
def test_where_a_text_does_harm(code: str, sinks: list[tuple[str, str]]) -> None:
    assert [(s.kind, code[s.start : s.end]) for s in effects(code).sinks] == sinks


def test_what_is_pasted_in_is_followed_but_no_sink_of_its_own() -> None:
    code = 'x="${{ a.b }}"\neval "$x"\necho "A=$x" >> $STORE'
    pasted = TITLE._replace(pasted=True)
    found = run(code, Given(templates=[(3, 13, pasted)], stores={"store": "store"}))
    assert found.sinks == []
    assert taints(found.files["store"][0].value) == [pasted]


@pytest.mark.parametrize(
    "code",
    [
        'exec >> $STORE\nexec >> log\necho "A=$TITLE"',
        'exec 3>> $STORE\necho "A=$TITLE" >&2',
        'exec >> $STORE\necho "A=$TITLE" > other',
        'exec 2>> $STORE\necho "A=$TITLE"',
    ],
)
def test_what_was_opened_gets_only_what_is_sent_there(code: str) -> None:
    assert stored(code) == []


def test_what_is_printed_is_kept_for_those_who_read_logs() -> None:
    printed = effects('echo "::set-output name=a::$TITLE"\necho "$TITLE" > f').printed
    assert [taints(write.value) for write in printed] == [[TITLE]]


@pytest.mark.parametrize(
    "code",
    ["(" * 400 + "echo a" + ")" * 400, "if then fi $((", "f() { f; }\nf", "x=" + "$(" * 300, "\0"],
)
def test_broken_and_deep_scripts_end(code: str) -> None:
    effects(code)


@pytest.mark.parametrize(
    "line",
    [
        'x="$x$x"',
        'x="$x$TITLE$x"',
        'x=("${x[@]}" "${x[@]}" "$TITLE")',
        'x=("$x" "$TITLE" "$x")',
        'set -- "$@" "$@"\nx="$TITLE$1"',
        'echo "$x$(cat a)$(cat a)" > a\nx=$(cat a)',
    ],
)
def test_a_text_that_doubles_is_followed_all_the_same(line: str) -> None:
    code = "\n".join(['x="$TITLE"', *[line] * 60, 'echo "A=${x[*]}" >> $STORE'])
    assert stored(code) == ["text"]
