"""``make fonts``: builds the font wheel in ``dist/``."""

import hashlib
import sys
from pathlib import Path

from font_wheel.build import BuildError, build
from font_wheel.fetch import FetchError, fetch
from font_wheel.lock import LockError, read


ROOT = Path(__file__).parents[1]


def main():
    """Get the packages, build, and say what came out."""
    try:
        packages = read()
        debs = [fetch(package, ROOT / '.build' / 'fonts') for package in packages]
        wheel = build(packages, debs, ROOT / 'dist')
    except (LockError, FetchError, BuildError) as exc:
        sys.exit(str(exc))
    print(f'{wheel.relative_to(ROOT)}: {sum(len(package.fonts) for package in packages)} fonts, '
          f'{wheel.stat().st_size / 1e6:.1f} MB, SHA-256 {hashlib.sha256(wheel.read_bytes()).hexdigest()}')


main()
