# Two images: `server` (the default) holds the server with PostgreSQL support, `demo` holds TensorFlow and the demo's data for
# a one-shot training. Neither needs root, a writable root file system or any capability; /data is the only place written to.
#
# The base is pinned by its version tag. To pin the very bytes, append the digest that
#   docker buildx imagetools inspect python:3.13-slim-trixie
# prints: --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:...
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_CONSTRAINT=/src/constraints.txt
WORKDIR /src
COPY pyproject.toml constraints.txt server.lock README.md LICENSE ./
COPY callback callback
COPY monitor monitor
COPY web web
RUN pip wheel --no-deps --wheel-dir /dist . && python -m venv /opt/nanwatch

FROM build AS server-build
# By hash: what is not the very file of the lock is refused.
RUN PIP_CONSTRAINT= /opt/nanwatch/bin/pip install --no-deps --require-hashes --requirement server.lock \
    && /opt/nanwatch/bin/pip install --no-deps /dist/*.whl

FROM build AS demo-build
RUN /opt/nanwatch/bin/pip install "$(echo /dist/*.whl)[demo]"

# What both images run on: no build tools, no sources, a user without a shell.
FROM ${PYTHON_IMAGE} AS runtime
ENV PATH=/opt/nanwatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/data NANWATCH_DIR=/data
RUN useradd --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin nanwatch \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
WORKDIR /data
USER 10001:10001

FROM runtime AS demo
COPY --from=demo-build /opt/nanwatch /opt/nanwatch
ENV TF_CPP_MIN_LOG_LEVEL=3
CMD ["nanwatch", "demo"]

FROM runtime AS server
COPY --from=server-build /opt/nanwatch /opt/nanwatch
EXPOSE 8777
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8777/healthz', timeout=4)"]
CMD ["nanwatch", "serve", "--host", "0.0.0.0"]
