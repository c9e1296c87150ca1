#!/bin/bash
# Runs once, on an empty data folder: a role and a database each for MLflow and for tuning studies.
# Passwords reach psql as variables and are quoted by it.
set -euo pipefail

for name in mlflow studies; do
    password_variable="${name^^}_PASSWORD"
    psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
        --set=name="$name" --set=password="${!password_variable}" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
