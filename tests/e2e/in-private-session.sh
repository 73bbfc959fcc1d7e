#!/bin/sh
# Runs a command with a virtual display, a session bus and an unlocked key ring of its own, so that neither the screen nor
# the keys of the person who runs the tests are touched.
set -eu
if [ "${PEP_IN_PRIVATE_SESSION:-}" != yes ]; then
    export PEP_IN_PRIVATE_SESSION=yes
    home=$(mktemp -d)
    trap 'rm -rf "$home"' EXIT
    export XDG_DATA_HOME="$home/data" XDG_RUNTIME_DIR="$home/run" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache"
    mkdir -p "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME"
    chmod 700 "$XDG_RUNTIME_DIR"
    xvfb-run --auto-servernum --server-args='-screen 0 1280x900x24 -nolisten tcp' dbus-run-session -- sh "$0" "$@"
    exit $?
fi
printf 'test' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
openbox >/dev/null 2>&1 &
exec "$@"
