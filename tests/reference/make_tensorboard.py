#!/usr/bin/env python3
"""Writes tensorboard.json: event files as TensorBoard's own writer and protobuf make them.

usage: make_tensorboard.py

For development only: needs `pip install tensorboard`; tests/tools/tensorboard_test.cpp reads the
file.
"""

import io
import json
from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c, masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1764428645.25


def record(event):
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString())
    return file.getvalue().hex()


def event(step, **value):
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(**value)])
    return event_pb2.Event(wall_time=TIME, step=step, summary=summary)


def main():
    histogram = summary_pb2.HistogramProto(
        min=-1, max=3, num=5, sum=4.5, sum_squares=13.25,
        bucket_limit=[0, 1, 2, 3], bucket=[1, 1, 2, 1])
    checked = {"": b"", "123456789": b"123456789", "zeros": bytes(32), "ones": b"\xff" * 32}
    out = {
        "crc32c": {name: crc32c(data) for name, data in checked.items()},
        "masked": masked_crc32c(b"123456789"),
        "version": record(event_pb2.Event(wall_time=TIME, file_version="brain.Event:2")),
        "scalar": record(event(300, tag="dev/error", simple_value=0.1)),
        "histogram": record(event(2**40, tag="weight/0.weight", histo=histogram)),
    }
    path = Path(__file__).parent / "tensorboard.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
