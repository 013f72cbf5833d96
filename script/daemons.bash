# Processes that outlive the script which starts them: sourced after lib.bash with $run set, the directory of their pid
# files and logs. Every one of them is stopped by its pid, never by its name.
# shellcheck shell=bash
: "${run:?is the directory for pid files and logs}"

# A pid that was handed to another program since, or is a zombie, is not ours: ours has a path of ours in its arguments.
alive() { [ -s "$run/$1.pid" ] && grep -qsaF "$run/" "/proc/$(cat "$run/$1.pid")/cmdline"; }

launch() { # launch NAME PROGRAM...: in the background, with a log and a pid file
    local name=$1; shift
    say "starting $name"
    setsid "$@" >"$run/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$run/$name.pid"
}

wait_for() { # wait_for SECONDS NAME COMMAND...: until the command succeeds or the process is gone
    local deadline=$((SECONDS + $1)) name=$2; shift 2
    until "$@"; do
        kill -0 "$(cat "$run/$name.pid")" 2>/dev/null ||
            fail "$name ended while starting; its last lines: $(tail -n 5 "$run/$name.log" | tr '\n' ' ')"
        [ "$SECONDS" -lt "$deadline" ] || fail "$name did not answer in time; see $run/$name.log"
        sleep 0.2
    done
}

stop() { # stop NAME [SIGNAL]: by its pid, and wait until it is gone
    if alive "$1"; then
        say "stopping $1"
        kill -s "${2:-TERM}" "$(cat "$run/$1.pid")"
        for _ in $(seq 300); do alive "$1" || break; sleep 0.2; done
        ! alive "$1" || fail "$1 (pid $(cat "$run/$1.pid")) does not stop."
    fi
    rm -f "$run/$1.pid"
}

mounts_below() { # mounts_below DIRECTORY: the innermost first
    awk -v below="$1" '$2 == below || index($2, below "/") == 1 {print $2}' /proc/mounts | sort -r
}

unmount_below() { # unmount_below DIRECTORY: what was killed leaves mounts
    mounts_below "$1" | xargs -r umount -l 2>/dev/null || true
}
