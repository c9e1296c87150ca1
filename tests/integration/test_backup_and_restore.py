"""Backup and restore as the README tells them: the inner commands, against a real PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import postgres_server
import psycopg
import pytest
from manifests import K8S, ROOT, Render
from postgres_server import Postgres

pytestmark = pytest.mark.skipif(postgres_server.binaries() is None, reason="PostgreSQL is not installed")

COMPONENT = K8S / "components" / "postgres"
PASSWORD = "admin's pass"
OWNER = "mlflow"
OWNER_PASSWORD = "ml\"flow's"


def call(server: Postgres, *command: str | Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run what a container of components/postgres runs, with what it has in its environment."""
    environment = {
        "PATH": f"{server.bin_folder}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
        "POSTGRES_USER": server.user,
        "MLFLOW_PASSWORD": OWNER_PASSWORD,
        "STUDIES_PASSWORD": "studies",
        "POSTGRES_PASSWORD": server.password,
        **changed,
    }
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, check=False, env=environment
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server.running("postgres", PASSWORD) as started:
        made = call(started, "bash", COMPONENT / "create-databases.sh")
        assert made.returncode == 0, made.stderr
        with started.connect(OWNER, OWNER, OWNER_PASSWORD) as mlflow:
            mlflow.execute("create table experiments (id serial primary key, name text)")
            mlflow.execute("create table runs (id serial primary key, experiment int references experiments)")
        yield started


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The scripts, with the volume /backup and the ConfigMap /scripts in a folder of the test's."""
    (tmp_path / "backup").mkdir()
    for name in ("backup.sh", "restore.sh"):
        text = (COMPONENT / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/backup", str(tmp_path / "backup")), encoding="utf-8")
    return tmp_path


def rows(server: Postgres, query: str, database: str = OWNER) -> list[tuple]:
    with server.connect(database) as connection:
        return connection.execute(query).fetchall()


def databases(server: Postgres) -> set[str]:
    return {name for (name,) in rows(server, "select datname from pg_database", "postgres")}


def back_up(server: Postgres, place: Path) -> Path:
    done = call(server, "bash", place / "backup.sh")
    assert done.returncode == 0, done.stderr
    (dump,) = (place / "backup").glob("mlflow-*.dump")
    assert f"wrote {dump} ({dump.stat().st_size} bytes)" in done.stdout
    return dump


def test_a_role_owns_its_database_and_enters_no_other(server: Postgres) -> None:
    with server.connect("studies", "studies", "studies") as studies:
        studies.execute("create table trials (number int)")
    with pytest.raises(psycopg.OperationalError, match='permission denied for database "studies"'):
        server.connect("studies", OWNER, OWNER_PASSWORD)


def test_roles_get_the_passwords_of_the_secret(server: Postgres) -> None:
    program = COMPONENT / "passwords.sh"
    done = call(server, "bash", program, MLFLOW_PASSWORD="new'; drop role studies; --")
    assert done.returncode == 0, done.stderr
    server.connect(OWNER, OWNER, "new'; drop role studies; --").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect(OWNER, OWNER, OWNER_PASSWORD)
    assert call(server, "bash", program).returncode == 0
    server.connect(OWNER, OWNER, OWNER_PASSWORD).close()
    server.connect("studies", "studies", "studies").close()


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_readmes_job_puts_the_last_dump_back_and_keeps_what_was_there(
    server: Postgres, place: Path, render: Render
) -> None:
    with server.connect(OWNER, OWNER, OWNER_PASSWORD) as mlflow:
        mlflow.execute("insert into experiments (name) values ('telco')")
        mlflow.execute("insert into runs (experiment) select id from experiments")
    back_up(server, place)
    with server.connect(OWNER, OWNER, OWNER_PASSWORD) as mlflow:
        mlflow.execute("delete from runs")
        # A newer MLflow has migrated the schema: its table stands in the way of dropping an older one.
        mlflow.execute("create table traces (run int references runs)")
    done = call(server, *readmes_command(render, place))
    assert done.returncode == 0, done.stderr
    (former,) = (name for name in databases(server) if name.startswith("mlflow-before-"))
    assert f"its former content is the database {former}" in done.stdout
    assert rows(server, "select name, experiment from experiments join runs on experiment = experiments.id") == [
        ("telco", 1)
    ]
    assert rows(server, "select to_regclass('traces')") == [(None,)]
    assert rows(server, "select count(*) from runs", former) == [(0,)]
    with server.connect(OWNER, OWNER, OWNER_PASSWORD) as mlflow:
        assert mlflow.execute("insert into runs (experiment) values (1) returning id").fetchall() == [(2,)]
    with pytest.raises(psycopg.OperationalError, match='permission denied for database "mlflow"'):
        server.connect(OWNER, "studies", "studies")


def readmes_command(render: Render, place: Path) -> list[str]:
    """What the README's Job runs: the CronJob's, as ``kubectl create job --from`` copies it, changed by its jq."""
    (program,) = re.findall(r"\| jq '(.+)'", (ROOT / "README.md").read_text(encoding="utf-8"))
    (backup,) = (d for d in render("kind") if d["kind"] == "CronJob" and d["metadata"]["name"] == "postgres-backup")
    job = json.dumps({"kind": "Job", "spec": backup["spec"]["jobTemplate"]["spec"]})
    changed = subprocess.run(["jq", program], input=job, capture_output=True, text=True, timeout=20, check=True)
    (container,) = json.loads(changed.stdout)["spec"]["template"]["spec"]["containers"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/backup", "/scripts"]
    assert {entry["name"] for entry in container["env"]} == {"PGHOST", "PGUSER", "PGPASSWORD"}
    return [part.replace("/scripts", str(place)) for part in container["command"]]


def test_the_script_is_in_the_jobs_volume(render: Render) -> None:
    (backup,) = (d for d in render("kind") if d["kind"] == "CronJob" and d["metadata"]["name"] == "postgres-backup")
    (name,) = (v["configMap"]["name"] for v in backup["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
               if "configMap" in v)  # fmt: skip
    (scripts,) = (d for d in render("kind") if d["kind"] == "ConfigMap" and d["metadata"]["name"] == name)
    assert set(scripts["data"]) == {"backup.sh", "restore.sh"}


@pytest.mark.parametrize("what", ["no dump", "damaged", "connected"])
def test_what_cannot_be_put_back_leaves_everything_as_it_is(server: Postgres, place: Path, what: str) -> None:
    before = databases(server), rows(server, "select * from experiments")
    said = {"no dump": "there is no dump of mlflow in", "damaged": "pg_restore: error", "connected": "being accessed"}
    if what != "no dump":
        dump = back_up(server, place)
        if what == "damaged":
            content = dump.read_bytes()
            dump.write_bytes(content[: len(content) * 2 // 3])
    with server.connect(OWNER if what == "connected" else "postgres"):
        done = call(server, "bash", place / "restore.sh", OWNER)
    assert done.returncode != 0
    assert said[what] in done.stderr
    assert (databases(server), rows(server, "select * from experiments")) == before


def test_fourteen_dumps_of_each_are_kept(server: Postgres, place: Path) -> None:
    old = [
        place / "backup" / f"{name}-202401{day:02}T021700Z.dump" for name in (OWNER, "studies") for day in range(1, 21)
    ]
    for file in old:
        file.write_bytes(b"")
    assert call(server, "bash", place / "backup.sh").returncode == 0
    for name in (OWNER, "studies"):
        kept = sorted((place / "backup").glob(f"{name}-*"))
        assert len(kept) == 14
        assert kept[0].name == f"{name}-20240108T021700Z.dump"
        assert kept[-1].stat().st_size > 0
