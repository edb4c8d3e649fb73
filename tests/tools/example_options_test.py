#!/usr/bin/env python3
"""The options of the lessons and of the programs that train.

usage: example_options_test.py LESSON TRAINING...
"""
import subprocess
import sys
import unittest

LESSON, *TRAININGS = sys.argv[1:]
del sys.argv[1:]


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


class OptionsTest(unittest.TestCase):
    def test_help_prints_the_usage(self):
        for program in [LESSON, *TRAININGS]:
            done = run(program, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), program)
            self.assertTrue(done.stdout.startswith(f"usage: {program} [--quick]"), done.stdout)

    def test_an_unknown_option_is_refused(self):
        for program in [LESSON, *TRAININGS]:
            done = run(program, "--qiuck")
            self.assertEqual((done.returncode, done.stdout), (2, ""), program)
            self.assertTrue(done.stderr.startswith("usage: "), done.stderr)

    def test_a_folder_that_cannot_be_made_is_named_before_the_work(self):
        done = run(LESSON, "--quick", "--out", "/proc/pictures")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("[/proc/pictures]; pass --out a folder that can be written\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
