#!/usr/bin/env bash
# Parse AsyncAPI documents with the standard's own parser: check.sh DOCUMENT...
set -euo pipefail
here="${0%/*}"

if ! command -v npm >/dev/null; then
    echo "asyncapi: not checked, because npm is missing (Debian: apt-get install nodejs npm)" >&2
    [ -z "${CI:-}" ]
    exit
fi
if [ "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]; then
    npm --prefix "$here" ci --loglevel=error >/dev/null
fi
exec node "$here/check.mjs" "$@"
