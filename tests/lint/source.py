"""What the lint scripts share: the files of the tree, and how a finding is said."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATED = {"build", ".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache"}


def tree_files():
    """Files under version control and new ones, relative; all of them without git."""
    try:
        listed = (
            subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=ROOT,
                capture_output=True,
                check=True,
            )
            .stdout.decode()
            .split("\0")
        )
        return [pathlib.Path(name) for name in listed if name and (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [
            path.relative_to(ROOT)
            for path in ROOT.rglob("*")
            if path.is_file() and not GENERATED & set(path.relative_to(ROOT).parts)
        ]


def c_files(*folders):
    return sorted(
        path for path in tree_files() if path.suffix in (".c", ".h") and path.parts[0] in folders
    )


def without_comments(text):
    """C source with comments, strings and character constants blanked; lines stay."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S
    )


def report(findings, checked):
    """Print the findings, or one line that says how much was looked at. Exit status."""
    for finding in findings:
        print(finding)
    if not checked:
        print("nothing to check: no file was found")
        return 1
    if not findings:
        print(f"{pathlib.Path(sys.argv[0]).stem}: {checked} files, nothing found")
    return 1 if findings else 0
