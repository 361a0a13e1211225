# cidash in a container: `docker run --rm -it IMAGE demo`. No compiler, no package manager's cache, no root.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt ./
RUN python -m venv /opt/cidash \
 && /opt/cidash/bin/pip install --no-cache-dir --require-hashes -r runtime.txt \
 && pip install --no-cache-dir --require-hashes -r build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/cidash/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
 && /opt/cidash/bin/pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.description="A CI/CD dashboard in the terminal" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --create-home --uid 10001 cidash
COPY --from=build /opt/cidash /opt/cidash
USER cidash
WORKDIR /home/cidash
ENV PATH="/opt/cidash/bin:$PATH" TERM="xterm-256color" COLORTERM="truecolor"
ENTRYPOINT ["cidash"]
