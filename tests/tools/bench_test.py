#!/usr/bin/env python3
"""The benchmark's history: a line a run, what counts as slower, what is refused; rounds by number.

usage: bench_test.py BENCH
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
sys.dont_write_bytecode = True
import bench_history  # noqa: E402


def bench(*arguments):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True)


class HistoryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "history.jsonl"

    def record(self):
        return bench("W4", f"--history={self.file}", "--rounds=2", "--budget=0.01")

    def test_appends_a_line_and_names_what_got_slower(self):
        first = self.record()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("2 cases", first.stdout)
        entry = json.loads(self.file.read_text())
        self.assertEqual(set(entry["times"]), {"W4/modules", "W4/l2_in_loss"})
        entry["times"] = {case: [t / 100 for t in q] for case, q in entry["times"].items()}
        self.file.write_text(json.dumps(entry) + "\n")
        second = self.record()
        self.assertEqual(second.returncode, 1, second.stderr)
        self.assertIn("SLOWER W4/modules", second.stdout)
        self.assertEqual(len(self.file.read_text().splitlines()), 2)

    def test_refuses_a_file_of_something_else(self):
        self.file.write_text("not JSON\n")
        refused = self.record()
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(
            refused.stderr,
            f"bench: line 1 of {self.file} is not JSON; need a file that bench wrote\n")
        self.assertEqual(self.file.read_text(), "not JSON\n")

    def test_tells_noise_from_a_regression(self):
        def slower(old, new):
            return bench_history.regressions({"times": {"a": old}}, {"times": {"a": new}})

        self.assertEqual(slower([9, 10, 12], [11, 13, 15]), [])  # the quartiles overlap
        self.assertEqual(slower([9, 10, 10.1], [10.15, 10.2, 11]), [])  # 2 %
        self.assertEqual(slower([9, 10, 11], [7, 8, 9]), [])
        self.assertEqual(slower([9, 10, 11], [12, 13, 14]), ["a: 13 after 10, 1.30 times"])

    def test_counts_have_no_noise(self):
        def line(count):
            return {"times": {}, "instructions": {"W7/const": count}}

        self.assertEqual(bench_history.regressions(line(1000), line(1009)), [])
        self.assertEqual(
            bench_history.regressions(line(1000), line(1011)),
            ["W7/const: 1011 instructions after 1000"])


class ExactlyTest(unittest.TestCase):
    def test_takes_that_many_rounds(self):
        done = bench("W4", "--filter=modules", "--exactly=3", "--json=-")
        self.assertEqual(json.loads(done.stdout)["samples"], 3)


class RefusalTest(unittest.TestCase):
    def test_says_that_its_figures_are_lost(self):
        done = bench("W4", "--filter=modules", "--exactly=1", "--json=/dev/full")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "bench: cannot write the figures; is the disk full?\n")

    def test_names_a_peer_folder_that_is_not_there(self):
        done = bench("W1", "--compare=/nonexist")
        self.assertEqual(done.returncode, 2)
        self.assertIn("bench: there is no folder /nonexist/torch; pass --compare ", done.stderr)


class ScalingTest(unittest.TestCase):
    def test_tells_how_time_and_memory_grow(self):
        with tempfile.TemporaryDirectory() as folder:
            plot = pathlib.Path(folder) / "scaling.svg"
            done = bench("--scaling", "--budget=0.001", f"--plot={plot}")
            self.assertIn(done.returncode, (0, 1), done.stderr)  # 1: times on a busy machine
            lines = done.stdout.splitlines()
            self.assertEqual(
                [line.split()[0] for line in lines],
                ["with", "elements", "ops", "layers", "units", "rows", "picture:"])
            for line in lines[1:-1]:
                due, _, memory = (float(word[1:]) for word in line.split() if word[0] == "^")
                self.assertAlmostEqual(memory, due, delta=0.25, msg=line)
            self.assertIn("</svg>", plot.read_text())

    def test_a_plot_needs_something_to_draw(self):
        refused = bench("W4", "--plot=/nowhere.svg")
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(
            refused.stderr, "bench: --plot draws a comparison or --scaling; need one of them\n")


if __name__ == "__main__":
    unittest.main()
