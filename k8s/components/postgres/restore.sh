#!/bin/bash
# Put a database back as a dump has it: restore.sh NAME [FILE], from the last dump of the night without FILE.
#
# The dump goes into a new database, which takes the place of the one there is when it is whole; that one stays, under
# another name. Nobody may be connected to it: scale MLflow to 0 before.
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
echo "$name is as $file has it; what was there is the database $former: drop it when all is well"
