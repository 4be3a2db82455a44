# The lab in a container: docker build -t ganlab . && docker run --rm -p 8000:8000 -v ganlab:/var/lib/ganlab ganlab
#
# TORCH chooses the build of torch, TORCH_INDEX is the address of an index that has that build:
#   --build-arg TORCH_INDEX=...                     the CPU build (the default), the smallest image
#   --build-arg TORCH=gpu [--build-arg TORCH_INDEX=...]   with CUDA; run with --gpus all
# Without TORCH_INDEX either choice takes the build that pip's own index has for this platform; it trains on the
# CPU too, but on x86-64 it carries the CUDA libraries.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ARG TORCH=cpu
ARG TORCH_INDEX=
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_EXTRA_INDEX_URL=${TORCH_INDEX}
RUN python -m venv /opt/ganlab
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
# torch comes first and alone: it is most of the image, and it changes least.
RUN version="$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' constraints.txt)" && \
    case "${TORCH}:${TORCH_INDEX:+indexed}" in \
      cpu:indexed) wanted="torch==${version}+cpu" ;; \
      cpu:|gpu:*) wanted="torch==${version}" ;; \
      *) echo "TORCH: expected cpu or gpu, got ${TORCH}" >&2; exit 1 ;; \
    esac && \
    /opt/ganlab/bin/pip install --constraint constraints.txt "${wanted}"
COPY server server
COPY static static
COPY templates templates
RUN /opt/ganlab/bin/pip install --constraint constraints.txt .

FROM python:${PYTHON}-slim
RUN useradd --system --create-home --home-dir /var/lib/ganlab --uid 10001 ganlab
COPY --from=build /opt/ganlab /opt/ganlab
# Sessions are kept in /var/lib/ganlab: they outlive the container where that is a volume.
ENV PATH=/opt/ganlab/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    XDG_DATA_HOME=/var/lib
# The number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /var/lib/ganlab
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Every address of the container, because it is the container's port that decides who gets in.
CMD ["ganlab", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-browser"]
