from __future__ import annotations

import time

import pytest

from pipelaw.facts.languages import languages


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ((), ()),
        (("README.md", "LICENSE", ".gitlab-ci.yml", ".github/workflows/ci.yml"), ()),
        (("app/main.py",), ("python",)),
        (("src/index.ts", "src/App.tsx", "src/store.mjs"), ("javascript",)),
        (("main.go", "pkg/a.go", "web/app.js"), ("go", "javascript")),
        (("b.rb", "a.py"), ("python", "ruby")),
        (("src/Main.JAVA",), ("java",)),
        (("Dockerfile",), ("dockerfile",)),
        (("deploy/Dockerfile.prod", "build/Containerfile"), ("dockerfile",)),
        (("images/worker.dockerfile",), ("dockerfile",)),
        (("infra/main.tf",), ("terraform",)),
        (("chart/Chart.yaml", "chart/templates/web.yaml"), ("helm",)),
        (("k8s/web.yaml", "deploy/kustomization.yml"), ("kubernetes",)),
        (("roles/web/tasks/main.yml",), ("ansible",)),
        (("cloudformation/stack.yaml",), ("cloudformation",)),
        (("src/core.c", "src/gui.cpp", "src/gui.hpp"), ("cpp", "c")),
        (("lib/app.ex", "Gate.swift", "app/Home.kt"), ("elixir", "kotlin", "swift")),
    ],
)
def test_names_of_files_tell_the_language(
    paths: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert languages(paths) == expected


@pytest.mark.parametrize(
    "path",
    [
        "docs/conf.py",
        "setup.py",
        "docs/assets/search.js",
        "webpack.config.js",
        "static/jquery.min.js",
        "types/global.d.ts",
        "noxfile.py",
        ".github/scripts/label.js",
        "pkg/testdata/sample.go",
    ],
)
def test_settings_and_documents_are_no_code(path: str) -> None:
    assert languages([path]) == ()


def test_long_paths_are_quick() -> None:
    paths = [
        "a/" * 2000 + "x.py",
        "-." * 2000 + "js",
        "k8s/" * 2000 + "x",
        "a." * 3000 + "dockerfile",
    ]
    start = time.perf_counter()
    languages(paths)
    assert time.perf_counter() - start < 1
