-- The rollout's audit, for psql as the database's administrator: a database with one table, and a role that may add rows
-- and read them. Another run changes nothing but the password. The password comes from ROLLOUT_AUDIT_PASSWORD.
\set ON_ERROR_STOP 1
\getenv password ROLLOUT_AUDIT_PASSWORD

SELECT 'CREATE ROLE rollout_audit LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollout_audit') \gexec
ALTER ROLE rollout_audit PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE rollout_audit' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'rollout_audit') \gexec
REVOKE ALL ON DATABASE rollout_audit FROM PUBLIC;
GRANT CONNECT ON DATABASE rollout_audit TO rollout_audit;

\connect rollout_audit
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rollout_audit;

CREATE TABLE IF NOT EXISTS rollout_audit (
    service text NOT NULL, -- namespace and name
    number bigint NOT NULL,
    key text NOT NULL, -- of the request or decision
    content text NOT NULL, -- JSON
    previous text NOT NULL, -- hash of the row before
    hash text NOT NULL, -- SHA-256 of all of the above
    PRIMARY KEY (service, number),
    UNIQUE (service, key)
);

CREATE OR REPLACE FUNCTION rollout_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rollout_audit is append-only';
END
$$;
CREATE OR REPLACE TRIGGER rollout_audit_row BEFORE UPDATE OR DELETE ON rollout_audit
    FOR EACH ROW EXECUTE FUNCTION rollout_audit_refuse();
CREATE OR REPLACE TRIGGER rollout_audit_truncate BEFORE TRUNCATE ON rollout_audit
    FOR EACH STATEMENT EXECUTE FUNCTION rollout_audit_refuse();

REVOKE ALL ON rollout_audit FROM rollout_audit;
GRANT SELECT, INSERT ON rollout_audit TO rollout_audit;
