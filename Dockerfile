# The image of every slawatch process: `docker build -t slawatch:0.1.0 .`, a verb and its flags are the command.
# It needs no root, no capability and no writable file system; settings are read in /etc/slawatch and the environment.
FROM python:3.11.15-slim-bookworm AS packages
COPY requirements.lock .
# Wheels only: nothing is compiled, and nothing runs while it is installed.
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock
COPY . /opt/slawatch
RUN /opt/venv/bin/python -m compileall -q /opt/slawatch

FROM python:3.11.15-slim-bookworm
RUN groupadd --gid 10001 slawatch \
 && useradd --uid 10001 --gid slawatch --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin slawatch \
 && install --directory --owner=slawatch --group=slawatch --mode=0700 /var/lib/slawatch
# A volume that is mounted there belongs to this user as well.
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /opt/slawatch /opt/slawatch
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/opt/slawatch PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SLAWATCH_LOG_FORMAT=json
# Where slawatch.toml and the folder delivery/ are looked for.
WORKDIR /etc/slawatch
USER 10001:10001
ENTRYPOINT ["python", "-m", "cli.main"]
CMD ["--help"]
