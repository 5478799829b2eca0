#!/usr/bin/env python3
"""Real MCP clients against `cortex serve`: each SDK does a whole working day (day.json) over stdio and over HTTP, the
inspector's command line asks, and the protocol's conformance suite judges.

    clients.py [--bin build/release/cortex] [--folder build/clients] [--only NAME] [--matrix FILE] [--offline]

Packages are installed by name into the private folder, once. What cannot be had is skipped with a note. `--matrix` writes
the table of clients as Markdown. The suite needs a build for tests (--conformance-fixtures); its expected failures, with
their reasons, are in expected-failures.yaml.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402

PYTHONS = {"py1": "mcp<2", "py2": "mcp>=2,<3"}
NODE_PACKAGES = ("@modelcontextprotocol/sdk", "@modelcontextprotocol/client", "@modelcontextprotocol/inspector",
                 "@modelcontextprotocol/conformance@0.2.0-alpha.12")
NODE_NEEDED = 22
REQUIREMENTS = ("2025-11-25", "2026-07-28")
EVENTS = {"events": [harness.event(1, payload={"text": "The deploy of the shop went well."}),
                     harness.event(2, payload={"text": "The tests of the shop took four minutes."})]}


class Missing(Exception):
    """A package or a build that cannot be had here."""


class NoServer(Exception):
    """The server did not start."""


def install(command, what):
    try:
        run = subprocess.run(command, capture_output=True, timeout=90, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{what}: {error}") from error
    if run.returncode != 0:
        raise Missing(f"{what}: {harness.said(run)[-300:]}")


class Packages:
    def __init__(self, folder, offline):
        self.folder, self.offline = folder, offline
        folder.mkdir(parents=True, exist_ok=True)

    def need(self, marker, command, what):
        """Runs `command` unless an earlier run left `marker`."""
        if marker.exists():
            return
        if self.offline:
            raise Missing(f"{what} is not installed")
        install(command, what)
        marker.touch()

    def python(self, name):
        venv = self.folder / name
        self.need(venv / "made", [sys.executable, "-m", "venv", str(venv)], f"venv {name}") if not venv.exists() else None
        self.need(venv / "has_mcp", [str(venv / "bin/pip"), "-q", "--retries", "1", "--timeout", "10", "install", PYTHONS[name]], PYTHONS[name])
        return str(venv / "bin/python")

    def npm(self, *names):
        marker = self.folder / "node" / re.sub(r"\W", "_", "has" + "".join(names))
        (self.folder / "node").mkdir(exist_ok=True)
        self.need(marker, ["npm", "install", "--no-audit", "--no-fund", "--silent", "--fetch-retries", "1",
                           "--fetch-timeout", "20000", "--prefix",
                           str(self.folder / "node"), *names], ", ".join(names))
        return self.folder / "node" / "node_modules"

    def node(self):
        """A node that is new enough: the system's, or the one that npm has."""
        system = shutil.which("node")
        if system:
            version = subprocess.run([system, "--version"], capture_output=True, text=True, check=False).stdout
            if int(re.match(r"v(\d+)", version)[1]) >= NODE_NEEDED:
                return system
        return str(self.npm(f"node@{NODE_NEEDED}") / "node/bin/node")


class Server:
    """`cortex serve --http` on any port; a context manager."""

    def __init__(self, home, *arguments):
        self.process = subprocess.Popen([home.binary, "serve", "--http", "127.0.0.1:0", *arguments],
                                        env=home.environment(), stderr=subprocess.PIPE, text=True)
        self.url, self.told = None, ""
        for line in self.process.stderr:
            self.told += line
            found = re.search(r"listening on (\S+)", line)
            if found:
                self.url = found[1]
                break
        if self.url is None:
            raise NoServer(f"exit {self.process.wait(60)}: {self.told}")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.communicate(timeout=60)


def job_of(home, **more):
    token = home.root / "token"
    return {"steps": str(HERE / "day.json"), "known": {"EVENTS": json.dumps(EVENTS), "NAME": "day"},
            "token_file": str(token), **more}


def day(command, home, transport, **more):
    """One client's day; (row of the matrix, problem)."""
    token = home.root / "token"
    if transport == "stdio":
        job = job_of(home, command=[home.binary, "serve", "--token-file", str(token)], env=home.environment(), **more)
        return run_day([*command, json.dumps(job)])
    with Server(home, "--token-file", str(token)) as server:
        bearer = (home.data / "cortex_mcp_token").read_text().strip()
        return run_day([*command, json.dumps(job_of(home, url=server.url, bearer=bearer, **more))])


def run_day(command):
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return None, f"exit {run.returncode}: {run.stderr[-800:]}"
    told = json.loads(lines[-1])
    return told, "; ".join(told["problems"])


class Run:
    def __init__(self, arguments):
        self.binary = os.path.realpath(arguments.bin)
        self.packages = Packages(pathlib.Path(arguments.folder).resolve(), arguments.offline)
        self.only, self.tally, self.rows = arguments.only, harness.Tally(), []

    def case(self, name, work):
        if self.only and self.only not in name:
            return
        try:
            with harness.Home.begun(self.binary) as home:
                told, problem = work(home)
        except Missing as error:
            print(f"skipped: {name}: {error}", flush=True)
            return
        except (NoServer, subprocess.TimeoutExpired) as error:
            told, problem = None, f"{error}"
        self.tally.check(name, problem)
        if told:
            self.rows.append((told["client"], name.split()[-1], told["protocol"], "fails" if problem else "passes",
                              told.get("passed", "")))

    def days(self):
        for transport in ("stdio", "http"):
            for name in PYTHONS:
                self.case(f"python {name} {transport}", lambda home, n=name, t=transport: day(
                    [self.packages.python(n), str(HERE / "day.py")], home, t))
            for package in ("@modelcontextprotocol/sdk", "@modelcontextprotocol/client"):
                self.case(f"typescript {package} {transport}", lambda home, p=package, t=transport: day(
                    [self.packages.node(), str(HERE / "day.mjs")], home, t, package=p,
                    modules=str(self.packages.npm(*NODE_PACKAGES[:2]))))

    def inspector(self, home):
        modules = self.packages.npm(*NODE_PACKAGES[:3])
        version = json.loads((modules / "@modelcontextprotocol/inspector/package.json").read_text())
        program = modules / "@modelcontextprotocol/inspector" / next(iter(version["bin"].values()))
        run = subprocess.run([self.packages.node(), str(program), "--cli", home.binary, "serve", "--method", "tools/call",
                              "--tool-name", "cortex_memory_health"], env={**os.environ, **home.environment()},
                             capture_output=True, text=True, timeout=60, check=False)
        good = run.returncode == 0 and '"unvalidated"' in run.stdout
        return ({"client": f"inspector {version['version']} --cli", "protocol": "", "passed": 1},
                "" if good else f"exit {run.returncode}: {run.stdout[-300:]} {run.stderr[-500:]}")

    def conformance(self, home, revision):
        if "--conformance-fixtures" not in home.run("serve", "--help").stdout.decode():
            raise Missing("a build for tests")
        modules = self.packages.npm(NODE_PACKAGES[3])
        tool = modules / "@modelcontextprotocol/conformance"
        version = json.loads((tool / "package.json").read_text())["version"]
        with Server(home, "--conformance-fixtures") as server, tempfile.TemporaryDirectory() as results:
            run = subprocess.run([self.packages.node(), str(tool / "dist/index.js"), "server", "--url", server.url,
                                  "--requirements", revision, "--expected-failures", str(HERE / "expected-failures.yaml"),
                                  "--output-dir", results], capture_output=True, text=True, timeout=300, check=False)
        passed = re.findall(r"Total: (\d+) passed, (\d+) failed", run.stdout)
        told = {"client": f"conformance {version}", "protocol": revision, "passed": passed[-1][0] if passed else ""}
        return told, "" if run.returncode == 0 else f"{run.stdout[-2500:]} {run.stderr[-300:]}"

    def run(self):
        self.days()
        self.case("inspector stdio", self.inspector)
        for revision in REQUIREMENTS:
            self.case(f"conformance {revision} http", lambda home, r=revision: self.conformance(home, r))

    def matrix(self):
        lines = ["| Client | Transport | Revision | Result | Steps or checks |", "|---|---|---|---|---|"]
        return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in self.rows]) + "\n"


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--folder", default=str(harness.REPO / "build/clients"))
    parser.add_argument("--only", default="")
    parser.add_argument("--matrix")
    parser.add_argument("--offline", action="store_true")
    arguments = parser.parse_args()
    run = Run(arguments)
    run.run()
    if arguments.matrix:
        pathlib.Path(arguments.matrix).write_text(run.matrix())
    print(run.matrix(), end="")
    return run.tally.finish() if run.tally.passed + run.tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
