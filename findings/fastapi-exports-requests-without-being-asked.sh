#!/usr/bin/env bash
# FastAPI: whoever sets an OpenTelemetry provider in the process has it export each request's path and query.
#
# Packages: PyPI: fastapi==0.165.0, opentelemetry-sdk==1.45.2
# Guess:    FastAPI is traced where somebody instruments it (FastAPIInstrumentor, opentelemetry-instrument). A provider
#           that a library sets for its own spans concerns the application no more than before.
# Seen:     FastAPI 0.165 has OpenTelemetry of its own, which is on wherever a provider is set. Each request becomes a
#           span with `url.path` and `url.query` as they came.
#           FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False}) has none.
# So:       Where paths or queries may hold personal data, it is to be switched off in so many words.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(fastapi==0.165.0 opentelemetry-sdk==1.45.2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import asyncio

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exported = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exported))
trace.set_tracer_provider(provider)


async def ask(app):
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/people/erika", "raw_path": b"/people/erika", "query_string": b"street=Hauptstr", "root_path": "",
        "headers": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        pass

    await app(scope, receive, send)


def shown(what, **options):
    app = FastAPI(**options)

    @app.get("/people/{name}")
    async def person(name, street):
        return name

    exported.clear()
    asyncio.run(ask(app))
    texts = [
        f"{name}={value}"
        for span in exported.get_finished_spans()
        for name, value in sorted(span.attributes.items())
        if name in ("url.path", "url.query")
    ]
    print(f"{what}: {', '.join(texts) or 'nothing'}")


shown("as it comes")
shown("switched off", telemetry={"tracing": False, "metrics": False, "logs": False})
PY
)
expected='as it comes: url.path=/people/erika, url.query=street=Hauptstr
switched off: nothing'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
