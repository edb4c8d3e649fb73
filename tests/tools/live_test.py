#!/usr/bin/env python3
"""Watches a run through its live page.

usage: live_test.py LIVE_RUN    (the program build/tests/live_run)

Exits 77 (skipped) when the build has no HTTP server.
"""
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
import xml.etree.ElementTree

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()


class Run:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def tell(self, moment):
        self.process.stdin.write(moment + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def ask(self, path="/", method="GET", **headers):
        place = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def state(self):
        return json.loads(self.ask("/state.json")[1])

    def end(self):
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


def refusal(*arguments):
    run = Run(*arguments)
    return run.end()


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.run_ = Run()
        self.addCleanup(self.run_.end)

    def test_shows_where_the_run_stands(self):
        run = self.run_
        self.assertRegex(run.url, r"^http://127\.0\.0\.1:\d+/$")
        self.assertIn("begin with the end of the first epoch", run.ask()[1])
        run.tell("step")
        run.tell("step")
        state = run.state()
        self.assertEqual((state["epoch"], state["epochs"]), (1, 3))
        self.assertEqual((state["batch"], state["batches"], state["step"]), (2, 10, 2))
        self.assertEqual((state["loss"], state["ended"], state["history"]), (0.25, "", []))
        run.tell("epoch")
        self.assertEqual(
            run.state()["history"],
            [{"train_cost": 0.5, "train_error": 0.25, "dev_cost": 1.0, "dev_error": 0.5}])
        answer, text = run.ask()
        self.assertEqual(answer.getheader("Content-Type"), "text/html; charset=utf-8")
        self.assertEqual(answer.getheader("Cache-Control"), "no-store")
        self.assertIn("default-src 'none'", answer.getheader("Content-Security-Policy"))
        page = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(len(page.findall(".//svg")), 2)
        self.assertEqual(page.find(".//title").text, "A <run>")
        self.assertIn("id=\"live\"", text)

    def test_asks_again_until_the_run_has_ended(self):
        run = self.run_
        run.tell("epoch")
        self.assertIn("setTimeout(tick, 1000)", run.ask()[1])
        run.tell("end")
        text = run.ask()[1]
        self.assertNotIn("id=\"live\"", text)
        self.assertIn("stopped: enough", text)
        self.assertEqual(run.end(), (0, ""))
        with self.assertRaises(OSError):
            run.ask()

    def test_waits_for_a_browser_to_see_the_end(self):
        run = self.run_
        run.tell("epoch")
        run.ask()
        run.process.stdin.close()
        run.process.stdin = None
        time.sleep(0.3)
        self.assertIsNone(run.process.poll(), "someone was looking a moment ago")
        self.assertIn(">ended</div>", run.ask()[1])
        self.assertEqual(run.process.wait(1.5), 0)

    def test_refuses_what_it_does_not_serve(self):
        run = self.run_
        for status, arguments in [
            (404, {"path": "/other"}), (404, {"path": "/../etc/passwd"}), (204, {"path": "/favicon.ico"}),
            (405, {"method": "POST"}), (405, {"method": "DELETE"}),
            (403, {"Host": "example.org"}), (403, {"Host": "127.0.0.1.example.org"}), (403, {"Host": ""}),
            (200, {"Host": "localhost:1"}),
        ]:
            self.assertEqual(run.ask(**arguments)[0].status, status, arguments)
        answer, body = run.ask(method="HEAD")
        self.assertEqual((answer.status, body), (200, ""))

    def test_listens_on_this_machine_alone(self):
        port = urllib.parse.urlsplit(self.run_.url).port
        rows = [line.split() for name in ("tcp", "tcp6")
                for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        self.assertEqual(listening, {f"0100007F:{port:04X}"})
        for address in ("0.0.0.0", "192.168.0.1", "::", "example.org", "", "128.0.0.1"):
            code, error = refusal(address)
            self.assertEqual(code, 1)
            self.assertEqual(
                error, f"LivePage: the address is \"{address}\"; need one that only this machine "
                "reaches, such as 127.0.0.1\n")

    def test_says_that_a_port_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            code, error = refusal("127.0.0.1", port)
        self.assertEqual(code, 1)
        self.assertIn(f"LivePage: cannot listen at 127.0.0.1:{port}: ", error)

    def test_answers_while_the_run_goes_on(self):
        run, faults = self.run_, []

        def look():
            try:
                for _ in range(20):
                    xml.etree.ElementTree.fromstring(run.ask()[1])
            except Exception as fault:  # reported below, in the test's own thread
                faults.append(fault)

        lookers = [threading.Thread(target=look) for _ in range(4)]
        for looker in lookers:
            looker.start()
        for i in range(100):
            run.tell("epoch" if i % 10 == 0 else "step")
        for looker in lookers:
            looker.join()
        self.assertEqual(faults, [])


if __name__ == "__main__":
    first = Run()
    failed, text = first.end()
    if failed and "this build has no HTTP server; need one with libmicrohttpd" in text:
        print("skipped: " + text)
        sys.exit(77)
    unittest.main()
