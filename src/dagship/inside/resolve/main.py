"""Resolves requirements over the base image: `resolve.main JOB DIRECTORY`; writes `result.json` into the directory.

uv goes first: it is fast. pip-compile starts from its pins, so that it only has to verify them, and writes the
canonical text. Always ends well: what went wrong is in the result, for the host to explain.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..own_packages import wheels
from ..shared import index, installed
from . import base_needs, explain_conflict, extras, pylock, solver, stub_wheels

# Reasons that are looked for, and the seconds for one.
_ASKED, _PATIENCE = 10, 20.0

Hashes = dict[str, "tuple[str, ...]"]


def main(job_path: str, directory: str) -> None:
    """Does the job and writes the result, whatever happens."""
    with open(job_path, encoding="utf-8") as file:
        job = json.load(file)
    began = time.monotonic()
    seconds: dict[str, float] = {}
    try:
        if job["task"] == "describe":
            result = wheels.described(job["packages"], os.path.dirname(job_path))
        else:
            result = pylock.written(job) if job["task"] == "pylock" else resolve(job, seconds)
    except SystemExit as refused:
        result = _failed("tool", str(refused))
    except Exception:  # noqa: BLE001 - whatever it is, the host has to hear of it
        result = _failed("tool", index.redacted(traceback.format_exc()))
    seconds["all"] = time.monotonic() - began
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "result.json"), "w", encoding="utf-8") as file:
        json.dump({**result, "seconds": {name: round(value, 2) for name, value in seconds.items()}}, file)


def resolve(job: "dict[str, Any]", seconds: "dict[str, float]") -> "dict[str, Any]":
    """Returns the result for a job; adds how long each part took to `seconds`."""
    needs = base_needs.read(installed.ask(job["python"])["distributions"], job["moving"])
    unrecorded = [one["name"] for one in needs.distributions if one["name"] in job["moving"] and not one["has_record"]]
    if unrecorded:
        lines = [line["line"] for line in job["lines"] if line["name"] in unrecorded]
        return {**_failed("no-record", ""), "names": unrecorded, "lines": lines}
    lacking = extras.unknown(job["lines"], needs.distributions, job["moving"])
    if lacking:
        return {**_failed("no-extra", ""), **lacking}
    with tempfile.TemporaryDirectory(prefix="dagship-lock-") as scratch:
        base_hashes = stub_wheels.write(needs.distributions, _first_tag(), os.path.join(scratch, "stubs"))
        page = os.path.join(scratch, "stubs", stub_wheels.PAGE)
        with index.environment(find_links=[page]) as env, index.environment() as plain_env:
            asked = (job["python"], job["name"], job["sources"])
            over_base = solver.Solver(*asked, env, os.path.join(scratch, "work"))
            without = solver.Solver(*asked, plain_env, os.path.join(scratch, "plain"))
            result = _resolve(job, over_base, without, base_hashes, needs, seconds)
            return {**result, "contradictions": needs.contradictions}


def _resolve(  # noqa: PLR0911, PLR0917 - the parts of one step, and its ends
    job: "dict[str, Any]",
    over_base: solver.Solver,
    without: solver.Solver,
    base_hashes: Mapping[str, str],
    needs: base_needs.Needs,
    seconds: "dict[str, float]",
) -> "dict[str, Any]":
    lines = [line["text"] for line in job["lines"]]
    staying = {name: version for name, version in job["base"].items() if name not in job["moving"]}
    base = [*(f"{name}=={version}" for name, version in staying.items()), *needs.constraints, *job["limits"]]
    base_hashes = {name: digest for name, digest in base_hashes.items() if name in staying}
    kept = "".join(f"{name}=={version}\n" for name, version in job["pins"].items())
    with _timed("uv", seconds):
        first = over_base.uv(lines, base, ["--generate-hashes"], kept=kept)
    if first.fits is False and solver.blames_network(first.words):
        return _failed("index", first.words)
    # uv takes a pre-release only where the user asks for one; pip has another rule, and the last word.
    if first.fits is False and "pre-release" not in first.words:
        return _explained(job, over_base, needs, first.words, seconds)
    real: Hashes = {}
    if first.fits:
        pins = solver.read_pins(first.text)
        print(f"uv: {len(pins)} packages; pip-compile verifies them", flush=True)
        try:
            with _timed("hashes", seconds):
                real = hashes_of_base(without, [f"{n}=={p.version}" for n, p in pins.items() if n in base_hashes])
        except ConnectionError as silent:
            return _failed("index", str(silent))
        kept = "".join(_pinned(name, pin, base_hashes, real) for name, pin in pins.items())
    else:
        print("uv has no answer; pip-compile goes on alone", flush=True)
    with _timed("pip-compile", seconds):
        second = over_base.pip_compile(lines, base, kept=kept, patient=not solver.blames_network(first.words))
    if second.fits:
        text, left_out = without_stubs(second.text, set(base_hashes.values()))
        # Of an index that it does not trust pip takes nothing and goes on: the base's own word for a package is left.
        if left_out and not first.fits and solver.blames_network(f"{first.words}\n{second.words}"):
            return _failed("index", first.words or second.words)
        with _timed("unkept", seconds):
            unkept = _unkept(job, over_base, base, solver.read_pins(second.text))
        return {"ok": True, "text": text, "left_out": left_out, "unkept": unkept, "log": ""}
    if first.fits is False and second.fits is False:
        return _explained(job, over_base, needs, first.words, seconds)
    words = f"{first.words}\n{second.words}".strip() if not first.fits else second.words
    if solver.blames_network(words):
        return _failed("index", words)
    return _failed("tool", words) if second.fits is None else _lacking(job, over_base, words)


def _unkept(
    job: "dict[str, Any]", over_base: solver.Solver, base: Sequence[str], found: Mapping[str, solver.Pin]
) -> "dict[str, dict[str, str]]":
    """What was preferred and has another version now, with uv's words against it; of the base's own none are asked."""
    unkept = {}
    lines, asked = [line["text"] for line in job["lines"]], 0
    for name in job["preferred"]:
        version = job["pins"][name]
        if name not in found or found[name].version == version:
            continue
        words = ""
        if (name not in job["base"] or name in job["moving"]) and asked < _ASKED:
            asked += 1
            answer = over_base.uv(lines, [*base, f"{name}=={version}"], ["--offline"], limit=_PATIENCE)
            words = answer.words if answer.fits is False and "network was disabled" not in answer.words else ""
        unkept[name] = {"version": found[name].version, "words": words}
    return unkept


def _lacking(job: "dict[str, Any]", over_base: solver.Solver, words: str) -> "dict[str, Any]":
    """What pip does not find and uv has found: uv takes a package that says it is for older Pythons alone."""
    lacking = {installed.canonical(name) for name in solver.not_found(words)}
    for line in job["lines"]:
        if line["name"] in lacking:
            found = explain_conflict.alone(over_base, line)
            if found["kind"] != "line":
                return {**_failed("", words), "lines": [line["line"]], **found}
    return _failed("unsatisfiable", words)


def _explained(
    job: "dict[str, Any]",
    over_base: solver.Solver,
    needs: base_needs.Needs,
    words: str,
    seconds: "dict[str, float]",
) -> "dict[str, Any]":
    print("there is no solution; looking for the reason", flush=True)
    with _timed("explain", seconds):
        return {**_failed("unsatisfiable", words), **explain_conflict.explain(over_base, job, needs, words)}


def hashes_of_base(plain: solver.Solver, pins: Sequence[str]) -> Hashes:
    """Returns what the index says of packages that the base has: the stubs' hashes are of no use to anyone.

    Those it has no wheel of are left out: one by one, because the answer is for all or none.

    Raises:
        ConnectionError: The index does not answer, which is no word on what it has.

    """
    if not pins:
        return {}
    answer = plain.uv(pins, [], ["--no-deps", "--generate-hashes", "--no-annotate"])
    if answer.fits:
        return {name: pin.hashes for name, pin in solver.read_pins(answer.text).items()}
    if answer.fits is None or solver.blames_network(answer.words):
        raise ConnectionError(answer.words)
    if len(pins) == 1:
        return {}
    half = len(pins) // 2
    return {**hashes_of_base(plain, pins[:half]), **hashes_of_base(plain, pins[half:])}


def without_stubs(text: str, ours: "set[str]") -> "tuple[str, list[str]]":
    """Takes the stubs' hashes out of a lock.

    Returns:
        The lock without its header, and the pins left without a hash, which are not in it.

    """
    entries: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith(" "):
            entries[-1].append(line)
        elif line and not line.startswith("#"):
            entries.append([line])
    kept, left_out = [], []
    for pin, *rest in entries:
        hashes = [line.rstrip(" \\") for line in rest if "--hash=" in line and line.split(":")[1][:64] not in ours]
        if hashes:
            comments = [line for line in rest if "--hash=" not in line]
            kept.append("\n".join([" \\\n".join([pin.rstrip(" \\"), *hashes]), *comments]))
        else:
            left_out.append(pin.rstrip(" \\"))
    return "".join(entry + "\n" for entry in kept), left_out


def _pinned(name: str, pin: solver.Pin, base_hashes: Mapping[str, str], real: Hashes) -> str:
    """One entry of what pip-compile starts from; it takes over the hashes, instead of fetching every file for them."""
    own = ("sha256:" + base_hashes[name],) if name in base_hashes else ()
    hashes = (*pin.hashes, *real.get(name, ()), *own)
    return " \\\n".join([f"{name}=={pin.version}", *(f"    --hash={value}" for value in sorted(set(hashes)))]) + "\n"


def _first_tag() -> str:
    """The wheel tag that pip prefers to all others on this Python."""
    script = "from pip._vendor.packaging.tags import sys_tags; print(next(sys_tags()))"
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def _failed(kind: str, log: str) -> "dict[str, Any]":
    return {"ok": False, "kind": kind, "log": log[-20000:]}


@contextmanager
def _timed(name: str, seconds: "dict[str, float]") -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[name] = time.monotonic() - began


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
