#!/bin/bash
# Give the roles the passwords of the Secret tenure-postgres, as the container got them when it started. Runs inside it:
#   kubectl -n tenure-platform exec -i postgres-0 -- bash -s < k8s/components/postgres/passwords.sh
set -euo pipefail

for name in postgres mlflow studies; do
    password_variable="${name^^}_PASSWORD"
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
        --set=name="$name" --set=password="${!password_variable}" <<'SQL'
ALTER ROLE :"name" PASSWORD :'password';
SQL
    echo "$name has a new password"
done
