# pipelaw in a container:
#   docker build --tag pipelaw .
#   docker run --rm --read-only --network none --volume "$PWD:/repository:ro" pipelaw scan
# The base is named by a tag; `--build-arg BASE=python:3.13-slim-bookworm@sha256:<digest>` fixes it.
ARG BASE=python:3.13-slim-bookworm

FROM $BASE AS build
WORKDIR /source
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY rules ./rules
COPY src ./src
# what is downloaded has the hashes of requirements.txt; what is installed is pipelaw and what it needs
RUN pip download --no-cache-dir --only-binary :all: --require-hashes --requirement requirements.txt --dest /wheels \
 && pip install --no-cache-dir --no-index --find-links /wheels hatchling \
 && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/pipelaw \
 && pip --python /opt/pipelaw/bin/python install --no-cache-dir --no-index --find-links /wheels pipelaw

FROM $BASE
# --since reads git's objects
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/pipelaw /opt/pipelaw
ENV PATH=/opt/pipelaw/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /repository
USER 65532:65532
ENTRYPOINT ["pipelaw"]
CMD ["scan"]
