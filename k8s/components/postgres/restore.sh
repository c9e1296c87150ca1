#!/bin/bash
# Restore a database from a dump: restore.sh NAME [FILE], from the newest nightly dump without FILE.
#
# The dump is read into a new database, which replaces the present one when it is complete; the present one is kept under
# another name. It must have no connections: scale MLflow to 0 before.
set -euo pipefail

name=$1
file=${2:-$(find /backup -name "$name-*.dump" | sort | tail --lines=1)}
[[ -n $file ]] || { echo "error: there is no dump of $name in /backup" >&2; exit 1; }
export PGOPTIONS="--client-min-messages=warning"
trap 'dropdb --if-exists "$name-restoring"' EXIT
former=$name-before-$(date -u +%Y%m%dT%H%M%S.%3NZ)
say_to_postgres() {
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres \
        --set=name="$name" --set=new="$name-restoring" --set=former="$former"
}

say_to_postgres <<'SQL'
DROP DATABASE IF EXISTS :"new";
CREATE DATABASE :"new" OWNER :"name" TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"new" FROM PUBLIC;
SQL
pg_restore --exit-on-error --single-transaction --dbname="$name-restoring" "$file"
say_to_postgres <<'SQL'
BEGIN;
ALTER DATABASE :"name" RENAME TO :"former";
ALTER DATABASE :"new" RENAME TO :"name";
COMMIT;
SQL
echo "$name is restored from $file; its former content is the database $former: drop it when it is no longer needed"
