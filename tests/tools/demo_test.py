#!/usr/bin/env python3
"""Runs the demo: one seed gives one set of weights, whatever the threads; it leaves its files; it
says what is wrong. On Fashion-MNIST where that is installed, else on made-up images.

usage: demo_test.py DEMO
"""
import csv
import gzip
import pathlib
import random
import re
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

    def epochs(self, out, run):
        """The lines of a run's metrics, without the seconds."""
        with open(out / "runs" / run / "metrics.csv", newline="") as file:
            return [{k: v for k, v in row.items() if k != "seconds"}
                    for row in csv.DictReader(file)]

    def weights(self, text):
        return re.search(r"^weights: ([0-9a-f]{16})$", text, re.MULTILINE).group(1)

    def test_tells_the_story_and_prints_its_findings_last(self):
        code, out, err = self.done
        self.assertEqual((code, err), (0, ""), out)
        headings = re.findall(r"^== (\w+ \w+|\w+)", out, re.MULTILINE)
        self.assertEqual(
            headings,
            ["Data", "A first", "Regularisation", "The network", "The test", "Gradient check"])
        last = out.splitlines()[-3:]
        self.assertRegex(last[0], r"^test accuracy: 0\.\d{4}$")
        self.assertRegex(last[1], r"^gradcheck: passed, norm ratio \d\.\de-\d\d$")
        self.assertEqual(last[2], f"report: {self.first}/report.html")
        self.assertIn("the same scores, bit for bit", out)
        self.assertNotIn("\r", out, "no bar where the output is no terminal")

    @unittest.skipUnless(INSTALLED.exists(), "a tale of Fashion-MNIST")
    def test_the_first_network_overfits_and_is_told_so(self):
        first = self.done[1].split("== Regularisation")[0]
        self.assertIn("high variance", first)

    def test_one_seed_gives_the_same_bits_for_any_number_of_threads(self):
        weights = self.weights(self.done[1])
        out = self.folder / "again"
        code, text, _ = self.quick("--threads", 1, "--out", out)
        self.assertEqual(code, 0, text)
        self.assertEqual(self.weights(text), weights)
        for run in ("first", "regularised"):
            self.assertEqual(self.epochs(self.first, run), self.epochs(out, run))
        for name in ("model.safetensors", "search.csv"):
            self.assertEqual((self.first / name).read_bytes(), (out / name).read_bytes())

    def test_another_seed_gives_other_weights_and_a_missed_goal_exits_with_1(self):
        out = self.folder / "other"
        code, text, _ = self.quick(
            "--seed", 2, "--require-accuracy", 1, "--trials", 0, "--out", out)
        self.assertEqual(code, 1)
        self.assertIn(", below 1\n", text)
        self.assertNotIn("== Regularisation", text)
        self.assertNotEqual(self.weights(text), self.weights(self.done[1]))

    def test_learns_and_stops_early_on_the_made_up_images(self):
        out = self.folder / "early"
        code, text, _ = demo(
            "--data", self.made_up, "--epochs", 30, "--patience", 2, "--hidden", "32,16",
            "--trials", 0, "--first-epochs", 2, "--out", out, "--require-accuracy", 0.8)
        self.assertEqual(code, 0, text)
        said = re.search(r"early stop at epoch (\d+), best (\d+)", text)
        self.assertTrue(said, text)
        epochs = self.epochs(out, "regularised")
        self.assertEqual(len(epochs), int(said.group(1)))
        self.assertEqual(int(said.group(1)), int(said.group(2)) + 2)

    def test_a_second_run_in_the_same_folder_keeps_the_first_ones_records(self):
        out = self.folder / "twice"
        for _ in range(2):
            code, text, _ = demo(
                "--data", self.made_up, "--epochs", 1, "--hidden", "8", "--trials", 0,
                "--first-epochs", 1, "--out", out, "--require-accuracy", 0)
            self.assertEqual(code, 0, text)
        self.assertEqual(
            sorted(path.name for path in (out / "runs").iterdir()),
            ["first", "first-2", "regularised", "regularised-2"])

    def test_report_is_well_formed_and_complete(self):
        text = (self.first / "report.html").read_text()
        self.assertNotIn("http", text)
        page = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(len(page.findall(".//svg")), 6)
        headings = [h.text for h in page.iter("h2")]
        self.assertEqual(
            headings,
            ["Training", "Errors", "The first network", "The final network", "Search",
             "Gradient check", "Confusion", "Worst mistakes", "Layers", "Settings",
             "Environment"])
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
        self.refused("try a lower learning rate", "--data", self.made_up, "--lr", 1e20)
        cut = self.folder / "cut"
        cut.mkdir()
        for file in self.made_up.iterdir():
            content = file.read_bytes()
            short = len(content) // 2 if file.name.startswith("train-images") else len(content)
            (cut / file.name).write_bytes(content[:short])
        self.refused("train-images-idx3-ubyte.gz", "--data", cut)


if __name__ == "__main__":
    unittest.main()
