#!/bin/sh
# Starts fargate-lab @VERSION@ from this folder; the first time it installs it, without internet.
#   sh start.sh               the interactive lab
#   sh start.sh WORD...       fargate-lab WORD...
# It looks for a Python that this bundle is for; FARGATE_LAB_PYTHON names one to try first. start.py does the rest.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 3
system=$(uname -s)
seen=

# fits NAME: whether that is a Python for this bundle.
fits() {
    found=$(command -v "$1" 2>/dev/null) || return 1
    # Apple's own is too old, and without the developer tools a window asks for them.
    [ "$system" != Darwin ] || case $found in /usr/bin/*) return 1 ;; esac
    "$1" -I "$here/start.py" fits >/dev/null 2>&1 && return 0
    seen="$seen
    $found: $("$1" --version 2>&1 | head -n 1)"
    return 1
}

if [ -n "${FARGATE_LAB_PYTHON:-}" ] && fits "$FARGATE_LAB_PYTHON"; then
    exec "$FARGATE_LAB_PYTHON" -I "$here/start.py" run "$@"
fi
for python in @NAMES@ \
    @PLACES@; do
    if fits "$python"; then
        exec "$python" -I "$here/start.py" run "$@"
    fi
done

{
    echo "fargate-lab: no fitting Python was found."
    echo "  This bundle is for @PLATFORMS@, with Python @PYTHONS@."
    echo "  Install one of them; or say where one is: FARGATE_LAB_PYTHON=/path/to/python3 sh start.sh"
    [ -z "$seen" ] || echo "  Found, but not fitting:$seen"
} >&2
exit 3
