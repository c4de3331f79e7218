# Svarklar with its Asterisk, all roles in one container: a desk on one machine (docker-compose.yml).
#
# Debian 12 throughout, as a checkout has it. It has no Asterisk: that of Debian testing is unpacked into a
# folder of its own with the libraries it needs, by the same script as in a checkout, so that what is tested
# there is what runs here.

FROM debian:bookworm-slim AS asterisk
COPY asterisk-config /asterisk-config
RUN bash /asterisk-config/fetch.sh /opt/asterisk

FROM debian:bookworm-slim AS build
# hadolint ignore=DL3008  # Debian's stable release changes a package for security only, and that is wanted
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates make python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# First what the lock file says alone: a change of the program does not fetch it again.
COPY requirements/runtime.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/svarklar \
 && /opt/svarklar/bin/pip install --disable-pip-version-check --require-hashes --requirement requirements/runtime.txt
COPY . .
RUN --mount=type=cache,target=/root/.cache/pip \
    make wheel \
 && /opt/svarklar/bin/pip install --disable-pip-version-check --no-deps build/wheel/*.whl

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /svarklar --create-home --shell /usr/sbin/nologin svarklar
COPY --from=asterisk /opt/asterisk /opt/asterisk
COPY --from=build /opt/svarklar /opt/svarklar
ENV PATH=/opt/svarklar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SVARKLAR_ASTERISK_PREFIX=/opt/asterisk
USER 10001
WORKDIR /svarklar
# A new volume begins with these: the first caller does not wait until the prompts are spoken.
RUN svarklar prompts
VOLUME /svarklar/var
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python3", "-m", "svarklar.healthy"]
ENTRYPOINT ["svarklar"]
CMD ["up", "--no-demo"]
