"""Holds the crates we build to deny.toml's bans, and the crates' licences to its list, where cargo-deny is not installed.

Reads `[bans] deny` (`crate`, `deny-multiple-versions`) and `[licenses] allow`; everything else is cargo-deny's.
"""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent


def allowed(expression: str, allow: set[str]) -> bool:
    """Whether an SPDX expression can be met: OR of ANDs, with parentheses; `A/B` is the old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def alternatives() -> bool:
        met = conjunction()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = conjunction() or met
        return met

    def conjunction() -> bool:
        met = term()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = term() and met
        return met

    def term() -> bool:
        token = tokens.pop(0)
        if token == "(":
            met = alternatives()
            tokens.pop(0)
            return met
        if tokens[:1] == ["WITH"]:
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in allow

    return alternatives()


def problems() -> list[str]:
    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    # What is built, not all that Cargo.lock names: optional crates that nobody asks for are in there too.
    command = ["cargo", "tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}|{l}"]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    packages = {tuple(line.removesuffix(" (*)").split("|")) for line in listed.splitlines() if line}
    versions = defaultdict(set)
    for package, _ in packages:
        name, version = package.split()[:2]
        versions[name].add(version)

    found = []
    for rule in deny["bans"]["deny"]:
        name = rule["crate"]
        if not rule.get("deny-multiple-versions"):
            if name in versions:
                found.append(f"{name} is banned: {rule['reason']}; see who wants it: cargo tree -i {name}")
        elif len(versions[name]) > 1:
            found.append(f"{name} is there {len(versions[name])} times ({', '.join(sorted(versions[name]))}): {rule['reason']}")
    allow = set(deny["licenses"]["allow"])
    for package, licence in sorted(packages):
        if not allowed(licence or "none", allow):
            found.append(f"{package}: licence {licence or 'unknown'} is not in deny.toml")
        if "(http" in package or "(git" in package:
            found.append(f"{package} does not come from crates.io")
    return found


if __name__ == "__main__":
    complaints = problems()
    print("\n".join(complaints) or "the crates keep to deny.toml")
    sys.exit(1 if complaints else 0)
