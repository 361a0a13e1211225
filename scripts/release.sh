#!/usr/bin/env bash
# Tags the version that the code carries and pushes the tag; the Release workflow does the rest.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$#" -ne 1 ] || ! [[ "$1" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "usage: scripts/release.sh VERSION, for example 1.2.3" >&2
  exit 64
fi
version=$1
tag="v$version"

fail() {
  echo "$1" >&2
  exit 1
}

[ "$(git rev-parse --abbrev-ref HEAD)" = main ] || fail "Releases are made from main."
[ -z "$(git status --porcelain)" ] || fail "There are changes that are not committed."
git fetch --quiet --tags origin main
[ "$(git rev-parse HEAD)" = "$(git rev-parse origin/main)" ] || fail "main is not where origin/main is."
grep -qx "__version__ = \"$version\"" src/cidash/__init__.py || fail "src/cidash/__init__.py does not say $version."
grep -q "^## \[$version\]" CHANGELOG.md || fail "CHANGELOG.md has no entry for $version."
if git rev-parse --quiet --verify "refs/tags/$tag" >/dev/null; then fail "$tag exists already."; fi

git tag --annotate "$tag" --message "Release $version"
git push origin "refs/tags/$tag"
echo "$tag is pushed. The Release workflow builds the image and creates the GitHub Release."
