# What the scripts of the servers share. Sourced, with the folder of the server in $dir and its port in $port.
set -eu
# Where it listens.
address=${ADDRESS:-127.0.0.1}

# As root the FTP servers run as somebody without rights, so that a read-only folder is one.
user=nobody
[ "$(id -u)" = 0 ] || user=$(id -un)
group=$(id -gn "$user")

# Runs a command as that somebody, in place of this shell.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs env HOME="$dir" "$@"
    fi
    exec "$@"
}

own() {
    if [ "$(id -u)" = 0 ]; then
        chown -R "$user:$group" "$@"
        # mktemp makes folders that nobody else may enter.
        chmod o+x "$(dirname "$dir")" "$dir"
    fi
}

# Waits until something listens on the port, for ten seconds.
wait_for_port() {
    for _ in $(seq 200); do
        if (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null; then return 0; fi
        sleep 0.05
    done
    echo "nothing listens on port $port" >&2
    return 1
}

# Ends the one process whose number stands in a file.
stop() {
    [ -s "$1" ] || return 0
    local pid
    pid=$(tr -dc 0-9 <"$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.02
    done
    kill -9 "$pid" 2>/dev/null || true
}

# The folders that every server shows: one to write to, one to read only.
make_home() {
    mkdir -p "$dir/home/in" "$dir/home/locked" "$dir/log" "$dir/empty"
    chmod 555 "$dir/home/locked"
}
