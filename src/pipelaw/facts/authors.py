"""Who writes what: the words in which messages name people, and what those people do for a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelaw.words import Writer

COMMITTER = "whoever writes the commit"
PUSHING = "whoever pushes the commit"
"""GitLab names the user who pushed, and the message of a commit that need not be theirs."""

REQUESTER = "whoever opens the pull request"
MERGE_REQUESTER = "whoever opens the merge request"
EARLIER_REQUESTER = "whoever opens the pull request that started the other run"
FETCHED_REQUESTER = "whoever opens the pull request that the other run was for"
FILE_NAMER = "whoever names the changed files"
BRANCH_NAMER = "whoever names the source branch"

BRANCH_PUSHER = "whoever may push a branch"
TAG_PUSHER = "whoever may push a tag"
REF_PUSHER = "whoever may push a branch or tag"

REPORTER = "whoever opens the issue"
DISCUSSION_OPENER = "whoever opens the discussion"
COMMENTER = "whoever comments"
REVIEWER = "whoever reviews"

STARTER = "whoever starts the run"
INCLUDER = "whoever includes or starts the pipeline"
TRIGGERER = "whoever triggers the pipeline"
LAST_ACTOR = "whoever acts last"
LABELLER = "whoever may label the pull request"
PLANNER = "whoever may plan the pull request"
WIKI_EDITOR = "whoever edits the wiki"
FORKER = "whoever forks the repository"

_WRITERS: dict[str, Writer] = {
    **dict.fromkeys((COMMITTER, PUSHING), "committer"),
    **dict.fromkeys((REQUESTER, MERGE_REQUESTER, EARLIER_REQUESTER), "requester"),
    **dict.fromkeys((FETCHED_REQUESTER, FILE_NAMER, BRANCH_NAMER), "requester"),
    **dict.fromkeys((BRANCH_PUSHER, TAG_PUSHER, REF_PUSHER), "pusher"),
    **dict.fromkeys((REPORTER, DISCUSSION_OPENER), "reporter"),
    COMMENTER: "commenter",
    REVIEWER: "reviewer",
    **dict.fromkeys((STARTER, INCLUDER, TRIGGERER), "starter"),
}


def writer(author: str) -> Writer:
    """What an author of this module does to write the text; "" for nobody."""
    return _WRITERS.get(author, "other") if author else ""
