#!/usr/bin/env python3
"""Runs xgrad-runs on folders as a RunRecorder leaves them, whole and broken.

usage: runs_test.py XGRAD_RUNS
"""
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

RUNS = pathlib.Path(sys.argv.pop(1)).resolve()


def write_run(folder, settings, dev_errors, status="finished", results=None, verdict="high bias"):
    folder.mkdir(parents=True)
    files = {
        "run.json": {"status": status, "started": "2026-11-29T12:00:00Z", "stopped": ""},
        "settings.json": {"run": settings, "fit": {"epochs": 5, "optimizer": "Adam"}},
        "environment.json": {"xgrad": "0.1.0", "threads": 2},
        "verdicts.json": {
            "verdicts": [{"name": "diagnosis", "text": verdict, "details": []}],
            "results": results or {}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    lines = [
        {"epoch": i + 1, "train_cost": 2 * e, "train_error": e / 2, "dev_cost": 3 * e,
         "dev_error": e, "lr": 0.1, "seconds": 0.5, "metrics": {"f1": 1 - e}}
        for i, e in enumerate(dev_errors)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def runs(*arguments):
    done = subprocess.run(
        [RUNS, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


class RunsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.top = pathlib.Path(cls.temp.name) / "runs"
        same = {"batch": 128, "note": 'a, "b"'}
        write_run(cls.top / "wide-2", {"width": 512, **same}, [0.5, 0.125, 0.25],
                  results={"test error": 0.1234567})
        write_run(cls.top / "wide-10", {"width": 64, **same}, [0.5, 0.0625], status="started")
        write_run(cls.top / "group" / "first", {"width": 64, "lr": 0.5, **same}, [0.75, 0.5])

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    def listed(self, *arguments):
        code, out, err = runs(self.top, "--json", *arguments)
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def test_shows_one_row_a_run_and_only_the_settings_that_differ(self):
        code, out, err = runs(self.top)
        self.assertEqual((code, err), (0, ""))
        lines = out.splitlines()
        head = [name.strip() for name in lines[0].split("  ") if name.strip()]
        self.assertEqual(
            head, ["run", "status", "epochs", "best epoch", "train error", "dev error",
                   "test error", "lr", "width", "seconds"])
        self.assertEqual([line.split()[0] for line in lines[1:]],
                         ["group/first", "wide-2", "wide-10"])
        self.assertEqual(lines[2].split(),
                         ["wide-2", "finished", "3", "2", "0.0625", "0.125", "0.1235", "512", "1.5"])
        self.assertIn("unfinished", lines[3])

    def test_scores_are_those_of_the_best_epoch(self):
        run = self.listed("--columns", "run,train error,dev cost,f1")[1]
        self.assertEqual(
            run, {"run": "wide-2", "train error": 0.0625, "dev cost": 0.375, "f1": 0.875})

    def test_columns_may_be_chosen_added_and_sorted_by(self):
        rows = self.listed("--sort", "dev error", "--columns", "run")
        self.assertEqual([row["run"] for row in rows], ["wide-10", "wide-2", "group/first"])
        rows = self.listed("--sort", "width", "--descending", "--add", "xgrad,diagnosis")
        self.assertEqual([row["width"] for row in rows], [512, 64, 64])
        self.assertEqual({row["diagnosis"] for row in rows}, {"high bias"})
        rows = self.listed("--sort", "test error", "--descending")
        self.assertEqual(rows[0]["run"], "wide-2", "what is missing comes last")
        self.assertEqual(len(self.listed("--first", 2)), 2)

    def test_csv_has_all_digits_and_quotes_what_needs_it(self):
        code, out, _ = runs(self.top, "--csv", "--add", "note,test error")
        self.assertEqual(code, 0)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(rows[0]["note"], 'a, "b"')
        self.assertEqual(rows[1]["test error"], "0.1234567")
        self.assertEqual(rows[0]["test error"], "")

    def test_curves_are_drawn_together_on_a_page_of_its_own(self):
        file = pathlib.Path(self.temp.name) / "curves.html"
        code, _, err = runs(self.top, "--curves", file)
        self.assertEqual((code, err), (0, ""))
        text = file.read_text()
        self.assertNotIn("http", text)
        page = xml.etree.ElementTree.fromstring(text)
        charts = page.findall(".//svg")
        self.assertEqual(len(charts), 4)
        for chart in charts:
            self.assertEqual(len(chart.findall("path")), 3)
        rows = [[cell.text for cell in row] for row in page.iter("tr")]
        self.assertEqual([row[:2] for row in rows[1:]],
                         [["1", "group/first"], ["2", "wide-2"], ["3", "wide-10"]])

    def test_a_broken_run_is_named_and_the_others_are_shown(self):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            write_run(top / "good", {}, [0.5])
            write_run(top / "cut", {}, [0.5])
            (top / "cut" / "settings.json").write_text('{"run": {"a')
            write_run(top / "bare", {}, [0.5])
            (top / "bare" / "verdicts.json").unlink()
            code, out, err = runs(top, "--columns", "run")
            self.assertEqual(code, 1)
            self.assertEqual(out, "run\ngood\n")
            self.assertIn(f"xgrad-runs: {top}/cut/settings.json: no JSON at line 1, column ", err)
            self.assertIn(
                f"xgrad-runs: {top}/bare/verdicts.json: cannot be read; need a JSON file\n", err)

    def test_says_that_its_output_is_lost(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [RUNS, str(self.top)], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "xgrad-runs: cannot write the output; is the disk full?\n")

    def test_says_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            for expected, *arguments in [
                ("no run can be read there", folder),
                ("is no folder", pathlib.Path(folder) / "none"),
                ('no run has a column "x"; need one of: batch, best epoch', self.top, "--sort", "x"),
                ('no run has a column "y"', self.top, "--columns", "run,y"),
                ("--json excludes --csv", self.top, "--json", "--csv"),
                ("could not be written", self.top, "--curves", pathlib.Path(folder) / "a" / "b"),
            ]:
                code, _, err = runs(*arguments)
                self.assertEqual(code, 2, err)
                self.assertIn(expected, err)


if __name__ == "__main__":
    unittest.main()
