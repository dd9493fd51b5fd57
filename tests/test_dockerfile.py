"""The images that an action's own image is built on."""

from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.loaders import github
from pipelaw.loaders.dockerfile import images
from pipelaw.tree import MemoryTree

DIGEST = "alpine@sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("FROM alpine:3.22\nRUN true\n", ["alpine:3.22"]),
        ("from --platform=$BUILDPLATFORM golang AS build\r\nFROM build\r\n", ["golang"]),
        (f"FROM {DIGEST} AS a\nFROM scratch\nFROM A\n", [DIGEST]),
        ("ARG BASE=alpine\nFROM ${BASE}\n# FROM debian\n", []),
        ("FROM\nFROM \n", []),
    ],
)
def test_images_that_a_file_builds_on(text: str, names: list[str]) -> None:
    tree = MemoryTree({"a/Dockerfile": text.encode()})
    found = images(tree, "a/Dockerfile")
    assert [reference.text for reference in found] == names
    for reference in found:
        start, end = reference.place.indices()
        assert text[start:end] == reference.text
        assert reference.place.span().path == "a/Dockerfile"


def test_what_is_not_there_or_no_text_names_none() -> None:
    tree = MemoryTree({"Dockerfile": b"FROM \xff\xfe\x00"})
    assert images(tree, "Dockerfile") == images(tree, "docker/Dockerfile") == ()


@pytest.mark.parametrize(
    ("image", "found"),
    [("Dockerfile", 1), ("./Dockerfile", 1), ("../Dockerfile", 0), ("x/Dockerfile", 0)],
)
def test_an_action_brings_the_images_of_its_file(image: str, found: int) -> None:
    source = decode("act/action.yml", f"runs: {{using: docker, image: {image}}}".encode())
    tree = MemoryTree({"act/Dockerfile": b"FROM alpine\n"})
    [pipeline] = github.load(source, tree).pipelines
    assert len(pipeline.jobs[0].references) == found
