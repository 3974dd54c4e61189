#!/usr/bin/env python3
"""Receives Sluice's webhooks and verifies them with the reference library of Standard Webhooks.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_... python3 webhook-receiver.py PORT

Writes a line for each webhook and answers 204, or 401 where the signature does not fit. An attempt
may be repeated under the same webhook-id; such a one is acknowledged and not shown again.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            self.answer(401, f"refused: {error}")
            return
        identity = self.headers["webhook-id"]
        line = f"verified {identity} {event['type']} event {event['id']}"
        self.answer(204, None if identity in seen else line)
        seen.add(identity)

    def answer(self, status, line):
        if line:
            # One write, so that threads do not mix their lines.
            print(f"{line}\n", end="", flush=True)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
