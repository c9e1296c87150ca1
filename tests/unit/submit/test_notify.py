"""The exit handler's last word, to a real web server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from components.notify.logic import run

FAILED = {"state": "FAILED", "message": "step tune\n failed", "code": 9, "run_id": "r1", "pipeline": "tenure-training"}


@pytest.fixture
def webhook(monkeypatch):
    class Handler(BaseHTTPRequestHandler):
        status = 200
        got: list

        def do_POST(self):
            self.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    Handler.got = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("TENURE_ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_port}/hook/a-secret-token")
    yield Handler
    server.shutdown()
    server.server_close()


def test_the_outcome_is_one_json_line_without_a_webhook(capsys, monkeypatch):
    monkeypatch.delenv("TENURE_ALERT_WEBHOOK", raising=False)
    outcome = run(**FAILED)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == outcome
    assert outcome["text"] == "tenure-training run r1 failed: step tune failed"
    assert (outcome["code"], outcome["alerted"], outcome["alert_error"]) == (9, None, None)


def test_the_webhook_gets_it_and_is_not_shown(webhook, capsys):
    outcome = run(**FAILED)
    assert webhook.got[0]["text"] == outcome["text"]
    assert webhook.got[0]["run_id"] == "r1"
    assert outcome["alerted"] == "127.0.0.1"
    assert "a-secret-token" not in capsys.readouterr().out


def test_a_webhook_that_refuses_is_told_of(webhook, capsys):
    webhook.status = 500
    assert run(**FAILED)["alert_error"] == "127.0.0.1 answered 500"
    assert "a-secret-token" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/x", "127.0.0.1 cannot be reached"),
        ("file:///etc/passwd", "is not an http"),
        ("x", "is not"),
    ],
)
def test_a_webhook_that_cannot_be_reached_does_not_fail_the_run(monkeypatch, url, why):
    monkeypatch.setenv("TENURE_ALERT_WEBHOOK", url)
    outcome = run(state="SUCCEEDED", message=None, code=None, run_id="r1", pipeline="p")
    assert why in outcome["alert_error"]
    assert outcome["text"] == "p run r1 succeeded"
