#!/usr/bin/env python3
"""Opens pages in headless Chromium, narrow and wide, light and dark.

usage: page_test.py OUT WRITE_PAGE LIVE_RUN XGRAD_RUNS

The programs are build/tests/write_page and live_run, and build/tools/xgrad-runs. No message may
appear in the console, nothing may be asked of the network, every figure must be visible and within
the width, and the page must not scroll sideways. The live page must follow its run. Screenshots
stay in the folder OUT. Exits 77 (skipped) where there is no Chromium.
"""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = (400, 1400)
SCHEMES = ("light", "dark")
FIGURES = "svg, table, img, .track, .card, h1, h2, p"

# What does not lie within the page, or has no size. What scrolls inside its own box may reach out
# of it, but the box may not.
BOXES = """
(() => {
  const width = document.documentElement.clientWidth, faults = [];
  const inside = (e) => { for (let p = e.parentElement; p; p = p.parentElement)
    if (p.classList.contains('wide') || p.tagName === 'PRE') return true; return false; };
  const all = [...document.querySelectorAll('%s')].filter(e => !e.closest('details:not([open])'));
  for (const e of all) {
    const box = e.getBoundingClientRect(), name = e.tagName + '.' + e.getAttribute('class');
    const hidden = getComputedStyle(e).display === 'none';
    if (hidden || box.width < 1 || box.height < 1) faults.push(name + ' is not visible');
    else if (!inside(e) && (box.left < 0 || box.right > width + 0.5))
      faults.push(`${name} reaches from ${box.left} to ${box.right} of ${width}`);
  }
  for (const e of document.querySelectorAll('.card:not(.wide):not(pre), .value, p'))
    if (e.scrollWidth > e.clientWidth + 1) faults.push(e.className + ' overflows: ' + e.textContent);
  for (const e of document.querySelectorAll('img'))
    if (!e.complete || e.naturalWidth === 0) faults.push('an image is not drawn');
  if (document.documentElement.scrollWidth > width)
    faults.push(`the page is ${document.documentElement.scrollWidth} wide of ${width}`);
  const tables = [...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth);
  return JSON.stringify({faults, figures: all.length, scrolled: tables.length,
    height: document.documentElement.scrollHeight,
    background: getComputedStyle(document.body).backgroundColor});
})()
""" % FIGURES


class Browser:
    """Chromium, spoken to in its DevTools protocol over two pipes."""

    def __init__(self, program, folder):
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        self.number, self.events, self.rest = 0, [], b""

        def take_pipes():  # the protocol's are descriptors 3 and 4
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "about:blank"],
            preexec_fn=take_pipes, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.session = None

    def read(self):
        while b"\0" not in self.rest:
            part = os.read(self.into, 1 << 20)
            if not part:
                sys.exit("page_test: Chromium has ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"page_test: {method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call(
            "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, page, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride",
                  width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.load(page.as_uri())
        return json.loads(self.call("Runtime.evaluate", expression=BOXES)["result"]["value"])

    def load(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.read())

    def messages(self):
        """What the console says."""
        methods = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [f"{e['method']}: {json.dumps(e['params'])[:300]}" for e in self.events
                if e.get("method") in methods]

    def requests(self):
        """The addresses that were asked for."""
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def close(self):
        self.session = None
        self.number += 1
        os.write(self.out, json.dumps({"id": self.number, "method": "Browser.close"}).encode() + b"\0")
        self.process.wait(30)


def faults_of(browser, page, width, scheme, out):
    seen = browser.open(page, width, scheme)
    faults = list(seen["faults"])
    faults += browser.messages()
    faults += [f"a request for {url}" for url in browser.requests()
               if url != page.as_uri() and not url.startswith("data:")]
    red, green, blue = map(int, re.findall(r"\d+", seen["background"])[:3])
    if (scheme == "dark") != (red + green + blue < 384):
        faults.append(f"the background is {seen['background']} in {scheme}")
    if seen["figures"] < 3:
        faults.append(f"{seen['figures']} figures; need some")
    picture = browser.call(
        "Page.captureScreenshot", captureBeyondViewport=True,
        clip={"x": 0, "y": 0, "width": width, "height": seen["height"], "scale": 1})
    file = out / f"{page.stem}-{width}-{scheme}.png"
    file.write_bytes(base64.b64decode(picture["data"]))
    print(f"{file.name}: {seen['figures']} figures, {seen['scrolled']} tables that scroll, "
          f"{len(faults)} faults")
    return [f"{page.name} at {width} px, {scheme}: {fault}" for fault in faults]


def live_faults(browser, program, out):
    """Opens the live page, lets the run go on, and looks whether the page followed."""
    run = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    url = run.stdout.readline().strip()
    if not url:
        print("the live page is left out: " + run.stderr.read().strip())
        return []

    def tell(moment):
        run.stdin.write(moment + "\n")
        run.stdin.flush()
        run.stdout.readline()

    def becomes(name, expression):
        for _ in range(50):
            if browser.call("Runtime.evaluate", expression=expression)["result"]["value"]:
                return []
            time.sleep(0.1)
        return [f"the live page does not show {name}"]

    browser.load(url)
    tell("step")
    tell("epoch")
    tell("epoch")
    faults = becomes("curves", "document.querySelectorAll('svg').length === 2")
    picture = browser.call("Page.captureScreenshot")
    (out / "live.png").write_bytes(base64.b64decode(picture["data"]))
    tell("end")
    faults += becomes("the end", "document.body.textContent.includes('stopped: enough')")
    faults += browser.messages()
    faults += [f"a request for {asked}" for asked in browser.requests() if not asked.startswith(url)]
    run.communicate()
    return faults


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1]).resolve()
    write_page, live_run, xgrad_runs = sys.argv[2:]
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                   None)
    if program is None:
        print("skipped: there is no Chromium here")
        return 77
    out.mkdir(parents=True, exist_ok=True)
    report, curves, broken = (out / f"{name}.html" for name in ("report", "runs", "broken"))
    subprocess.run([write_page, out], check=True)
    subprocess.run([xgrad_runs, out / "runs", "--curves", curves], check=True)
    # What the check itself must find.
    broken.write_text(
        "<!DOCTYPE html><body style='background:white'><h1 style='width:2000px'>a</h1>"
        "<div class='value' style='width:9px'>overlong</div>"
        "<img src='missing.png'/><script>console.log('said')</script>")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(program, folder)
        browser.attach()
        found = " ".join(faults_of(browser, broken, 400, "light", out))
        for fault in ("reaches from", "not drawn", "wide of 400", "said", "missing.png", "overlong"):
            if fault not in found:
                faults.append(f"the check does not find: {fault}")
        for page in (report, curves):
            for width in WIDTHS:
                for scheme in SCHEMES:
                    faults += faults_of(browser, page, width, scheme, out)
        faults += live_faults(browser, live_run, out)
        browser.close()
    (out / "broken-400-light.png").unlink()
    broken.unlink()
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
