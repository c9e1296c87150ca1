"""Prepare MLflow's database for the server: its schema, and its users with the passwords and rights of this deployment.

Runs before the server starts, as an init container: prepare.py USERS RIGHTS SETTINGS

    USERS     folder of the Secret tenure-mlflow-users: a file a user, which holds the password
    RIGHTS    JSON: user to type of resource (experiment, registered_model) to permission on all of them; a user
              without an entry reads
    SETTINGS  path of the file for MLFLOW_AUTH_CONFIG_PATH, to be written

The schema is brought to the version of this image: a server refuses to start on an older one. The user ``admin``
administers MLflow. A user whose file is gone is deleted, so that a new password, a new user and a revoked one each need
a changed Secret and a restart, and no call with an administrator's rights. Environment: MLFLOW_BACKEND_STORE_URI, the
database; MLflow keeps users and their rights in tables of its own beside the others.
"""

import configparser
import json
import os
import sys
from pathlib import Path

ADMINISTRATOR = "admin"
MIN_PASSWORD_LENGTH = 12


def passwords(folder: Path) -> dict[str, str]:
    """Password by user. Kubernetes' own entries of a mounted Secret start with two dots."""
    found = {
        file.name: file.read_text(encoding="utf-8").strip()
        for file in folder.iterdir()
        if file.is_file() and not file.name.startswith(".")
    }
    short = sorted(user for user, password in found.items() if len(password) < MIN_PASSWORD_LENGTH)
    if short:
        raise SystemExit(
            f"error: the password of MLflow's user {short[0]} has fewer than {MIN_PASSWORD_LENGTH} characters"
        )
    if ADMINISTRATOR not in found:
        raise SystemExit(f"error: the Secret tenure-mlflow-users has no key {ADMINISTRATOR}")
    return found


def write_settings(path: Path, database: str) -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings["mlflow"] = {
        "default_permission": "READ",
        # MLflow reads the file with interpolation, where a percent sign is written twice.
        "database_uri": database.replace("%", "%%"),
        "admin_username": ADMINISTRATOR,
        # Passwords are hashed slowly, and a search logs hundreds of times: each worker remembers a minute long.
        "auth_cache_ttl_seconds": "60",
    }
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        settings.write(file)


def upgrade_schema(database: str) -> None:
    """What ``mlflow db upgrade`` does, without the password on a command line; it changes nothing where all is new."""
    from mlflow.db import upgrade

    upgrade.callback(database)


def main(users: Path, rights: Path, settings: Path) -> None:
    database = os.environ["MLFLOW_BACKEND_STORE_URI"]
    wanted = passwords(users)
    granted = json.loads(rights.read_text(encoding="utf-8"))
    write_settings(settings, database)
    upgrade_schema(database)
    # Only now: the module reads the settings when it is imported.
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore()
    store.init_db(database)
    present = {user.username for user in store.list_users()}
    for user in sorted(present - set(wanted)):
        store.delete_user(user)
    for user, password in sorted(wanted.items()):
        is_admin = user == ADMINISTRATOR
        if user not in present:
            store.create_user(user, password, is_admin=is_admin)
        elif not store.authenticate_user(user, password):
            store.update_user(user, password=password)
        for resource, permission in granted.get(user, {}).items():
            store.grant_user_permission(user, resource, "*", permission)
    print(f"MLflow has the users {', '.join(sorted(wanted))}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
