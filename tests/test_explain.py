"""The page of a rule, and the table of all of them."""

from __future__ import annotations

from textwrap import dedent

import pytest
from samples import sample_rule

from pipelaw.explain import address, advice, explain, gist, remedy
from pipelaw.finding import Severity
from pipelaw.records import replaced
from pipelaw.rules import Example, Line

RULE = sample_rule(
    ladder=(
        Line(Severity.MEDIUM, "False"),
        Line(Severity.CRITICAL, "False"),
        Line(Severity.LOW, "True"),
    ),
    references=("CICD-SEC-4", "CWE-94", "https://example.org/page", "A book"),
    examples=(
        Example("github", good=True, text="on: push\n", line=1),
        Example("github", good=False, text="on: issues  # finding\n", line=1),
        Example("gitlab", good=False, text="script: |\n  ```\n", line=1),
    ),
)

PAGE = """
    # Text that an outsider writes becomes part of a script

    - Rule: `script-injection` (injection)
    - Severity: low to critical
    - Confidence: high
    - Looks at: every expansion
    - Platforms: GitHub Actions, GitLab CI

    ## Why it matters

    Whoever opens an issue
    decides its title.

    More of it.

    ## How to fix it

    ### GitHub Actions

    Use a variable.

    ### GitLab CI

    Quote it.

    ## Examples

    ### GitHub Actions

    Reported:

    ```yaml
    on: issues  # finding
    ```

    Not reported:

    ```yaml
    on: push
    ```

    ### GitLab CI

    Reported:

    ````yaml
    script: |
      ```
    ````

    ## References

    - [CICD-SEC-4](https://owasp.org/www-project-top-10-ci-cd-security-risks/)
    - [CWE-94](https://cwe.mitre.org/data/definitions/94.html)
    - <https://example.org/page>
    - A book
    """


def test_the_page_of_a_rule() -> None:
    assert explain(RULE) == dedent(PAGE).lstrip("\n")


def test_advice_is_the_page_without_facts_and_examples() -> None:
    text = advice(RULE)
    assert text.startswith("## Why it matters\n\nWhoever")
    assert "## How to fix it" in text
    assert "## References" in text
    assert "on: issues" not in text
    assert "Severity" not in text


def test_a_rule_with_one_severity_one_fix_and_nothing_else() -> None:
    plain = replaced(
        RULE,
        ladder=(Line(Severity.HIGH, "True"),),
        fix={"": "Do this."},
        references=(),
        examples=RULE.examples[:1],
    )
    page = explain(plain)
    assert "- Severity: high\n" in page
    assert "## How to fix it\n\nDo this.\n\n## Examples" in page
    assert "References" not in page


def test_a_remedy_is_the_platforms_own_or_everybodys() -> None:
    assert remedy(RULE, "gitlab") == "Quote it."
    assert remedy(RULE, "drone") == ""
    assert remedy(replaced(RULE, fix={"": "Do this."}), "drone") == "Do this."


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One\ntwo.\n\nThree.", "One two."),
        ("\n\n  One  \n   \nTwo", "One"),
        ("", ""),
    ],
)
def test_the_gist_is_the_first_paragraph(text: str, first: str) -> None:
    assert gist(text) == first


def test_an_unknown_reference_has_no_address() -> None:
    assert address("A book") == ""
