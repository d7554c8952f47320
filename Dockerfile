# Handrail in a container: the hub, the watcher or the screens of the home in /srv/home, as a user without rights.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1

WORKDIR /app

# The packages first: they change seldom, and then this layer need not be made again.
COPY requirements-run.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement requirements-run.lock

COPY LICENSE README.md mosquitto.conf ./
COPY .docker ./.docker
COPY devices ./devices
COPY rules ./rules
COPY hub ./hub
COPY dashboards ./dashboards
RUN python -m compileall -q devices rules hub dashboards \
    && groupadd --gid 1000 handrail \
    && useradd --uid 1000 --gid handrail --no-create-home --shell /usr/sbin/nologin handrail \
    && install -d -o handrail -g handrail /srv/home

USER handrail
VOLUME /srv/home
EXPOSE 8080

# The hub tells its own state on the broker every 5 s, and the broker tells when it is lost: the same that screens see.
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=2 \
    CMD ["python", "/app/.docker/healthy.py", "/srv/home"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "hub.commands"]
CMD ["run", "/srv/home"]
