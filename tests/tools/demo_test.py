#!/usr/bin/env python3
"""Runs the demo: one seed gives one set of weights, whatever the threads; it leaves its files; it
says what is wrong. On Fashion-MNIST where that is installed, else on made-up images.

usage: demo_test.py DEMO
"""
import gzip
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

DEMO = pathlib.Path(sys.argv.pop(1)).resolve()
INSTALLED = pathlib.Path("/usr/share/datasets/fashion-mnist")
SIDE = 28


def write_idx(path, shape, content):
    header = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    path.write_bytes(gzip.compress(header + content, 1, mtime=0))


def write_images(folder, name, count, rng):
    """A bright bar for each class, over noise; one label in ten is wrong."""
    labels, pixels = bytearray(), bytearray()
    for i in range(count):
        image = bytearray(rng.choices(range(0, 160), k=SIDE * SIDE))
        start = SIDE * (2 + 2 * (i % 10))
        image[start:start + SIDE] = bytes([200]) * SIDE
        pixels += image
        labels.append(rng.randrange(10) if i % 10 == i // 10 % 10 else i % 10)
    write_idx(folder / f"{name}-images-idx3-ubyte.gz", (count, SIDE, SIDE), bytes(pixels))
    write_idx(folder / f"{name}-labels-idx1-ubyte.gz", (count,), bytes(labels))


def demo(*arguments):
    done = subprocess.run(
        [DEMO, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


class DemoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temp.name)
        cls.made_up = cls.folder / "data"
        cls.made_up.mkdir()
        write_images(cls.made_up, "train", 1200, random.Random(1))
        write_images(cls.made_up, "t10k", 300, random.Random(2))
        real = (INSTALLED / "train-images-idx3-ubyte.gz").exists()
        cls.data = INSTALLED if real else cls.made_up
        cls.first = cls.folder / "first"
        cls.done = cls.quick("--threads", 2, "--out", cls.first)

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    @classmethod
    def quick(cls, *arguments):
        return demo("--quick", "--data", cls.data, *arguments)

    def record(self, out):
        return json.loads((out / "run.json").read_text())

    def test_prints_its_findings_last(self):
        code, out, err = self.done
        self.assertEqual((code, err), (0, ""), out)
        last = out.splitlines()[-3:]
        self.assertRegex(last[0], r"^test accuracy: 0\.\d{4}$")
        self.assertRegex(last[1], r"^gradcheck: passed, norm ratio \d\.\de-\d\d$")
        self.assertEqual(last[2], f"report: {self.first}/report.html")
        self.assertIn("the same scores, bit for bit", out)
        self.assertNotIn("\r", out, "no bar where the output is no terminal")

    def test_one_seed_gives_the_same_bits_for_any_number_of_threads(self):
        weights = self.record(self.first)["weights"]
        self.assertIn(f"weights: {weights}", self.done[1])
        for threads in (2, 1):
            out = self.folder / f"again{threads}"
            code, text, _ = self.quick("--threads", threads, "--out", out)
            self.assertEqual(code, 0, text)
            self.assertEqual(self.record(out)["weights"], weights)
            for name in ("epochs", "best_epoch", "train", "dev", "test"):
                mine, other = self.record(self.first)[name], self.record(out)[name]
                if name == "epochs":
                    for epoch in mine + other:
                        del epoch["seconds"]
                self.assertEqual(mine, other)
            self.assertEqual(
                (self.first / "model.safetensors").read_bytes(),
                (out / "model.safetensors").read_bytes())

    def test_another_seed_gives_other_weights_and_a_missed_goal_exits_with_1(self):
        out = self.folder / "other"
        code, text, _ = self.quick("--seed", 2, "--require-accuracy", 1, "--out", out)
        self.assertEqual(code, 1)
        self.assertIn(", below 1\n", text)
        self.assertNotEqual(self.record(out)["weights"], self.record(self.first)["weights"])

    def test_learns_and_stops_early_on_the_made_up_images(self):
        out = self.folder / "early"
        code, text, _ = demo(
            "--data", self.made_up, "--epochs", 30, "--patience", 2, "--hidden", "32,16",
            "--out", out, "--require-accuracy", 0.8)
        self.assertEqual(code, 0, text)
        record = self.record(out)
        self.assertTrue(record["stopped_early"])
        self.assertEqual(len(record["epochs"]), record["best_epoch"] + 2)
        self.assertEqual(record["settings"]["hidden"], [32, 16])
        best = min(epoch["dev"]["error"] for epoch in record["epochs"])
        self.assertEqual(record["dev"]["error"], best)

    def test_record_holds_the_run(self):
        record = self.record(self.first)
        self.assertEqual(len(record["epochs"]), 2)
        self.assertTrue(record["gradcheck"]["start"]["ok"])
        self.assertTrue(record["gradcheck"]["trained"]["ok"])
        names = [p["name"] for p in record["gradcheck"]["trained"]["parameters"]]
        self.assertEqual(
            names, ["0.weight", "0.bias", "3.weight", "3.bias", "6.weight", "6.bias"])
        for parameter in record["gradcheck"]["trained"]["parameters"]:
            self.assertLess(parameter["norm_ratio"], 1e-7)
            self.assertLess(parameter["float_ratio"], 1e-3)
        self.assertTrue(record["reloaded_same"])

    def test_report_is_well_formed_and_complete(self):
        text = (self.first / "report.html").read_text()
        self.assertNotIn("http", text)
        page = xml.etree.ElementTree.fromstring(text)
        charts = page.findall(".//svg")
        self.assertEqual(len(charts), 2)
        for chart in charts:
            self.assertEqual(len(chart.findall("path")), 2)
        headings = [h.text for h in page.iter("h2")]
        self.assertEqual(
            headings,
            ["Training", "Errors", "Bias and variance", "Gradient check", "Classes",
             "Surest mistakes", "Layers", "Settings"])
        self.assertGreater(len(page.findall(".//img")), 0)

    def refused(self, expected, *arguments):
        code, _, err = demo("--quick", "--out", self.folder / "refused", *arguments)
        self.assertEqual(code, 2, err)
        self.assertIn(expected, err)

    def test_says_what_is_wrong(self):
        self.refused("dataset-fashion-mnist", "--data", self.folder / "none")
        self.refused("--keep-prob", "--keep-prob", 0)
        self.refused("--epochs", "--epochs", 0)
        self.refused("--lr", "--lr", "-1")
        self.refused("--nonsense", "--nonsense", 1)
        self.refused("the training diverged", "--data", self.made_up, "--lr", 1e20)
        cut = self.folder / "cut"
        cut.mkdir()
        for file in self.made_up.iterdir():
            content = file.read_bytes()
            short = len(content) // 2 if file.name.startswith("train-images") else len(content)
            (cut / file.name).write_bytes(content[:short])
        self.refused("train-images-idx3-ubyte.gz", "--data", cut)


if __name__ == "__main__":
    unittest.main()
