#!/bin/bash
# Dump both databases; keep the last fourteen dumps of each. A dump gets its final name when it is complete.
set -euo pipefail

for name in mlflow studies; do
    file=/backup/$name-$(date -u +%Y%m%dT%H%M%SZ).dump
    pg_dump --format=custom --dbname="$name" --file="$file.partial"
    pg_restore --list "$file.partial" >/dev/null
    mv "$file.partial" "$file"
    echo "wrote $file ($(stat --format=%s "$file") bytes)"
    find /backup -name "$name-*.dump.partial" -mmin +1440 -delete
    find /backup -name "$name-*.dump" | sort --reverse | tail --lines=+15 | xargs --no-run-if-empty rm --
done
