#!/bin/sh
# For the Finder of macOS: a double click opens the interactive lab in a terminal.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 3
/bin/sh "$here/start.sh" "$@"
code=$?
if [ "$code" -ne 0 ] && [ -t 0 ]; then
    printf 'Press Return to close this window. '
    read -r _
fi
exit "$code"
