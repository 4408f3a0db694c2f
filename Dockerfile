# Two stages: the first installs what requirements.txt locks, the second only runs it.
FROM python:3.13-slim-bookworm AS build
COPY requirements.txt /build/requirements.txt
RUN python -m venv /opt/rapport \
 && /opt/rapport/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary=:all: --requirement /build/requirements.txt

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin rapport
COPY --from=build /opt/rapport /opt/rapport
WORKDIR /srv/rapport
COPY alembic.ini LICENSE THIRD_PARTY_NOTICES.md ./
COPY migrations migrations
COPY app app
ENV PATH="/opt/rapport/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/livez\", timeout=2)"]
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["serve"]
