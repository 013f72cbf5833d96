# Shared by the scripts beside it: sourced, never run. Leaves the caller in the project's root.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit 3; }

is_debian() { [ -e /etc/debian_version ]; }
is_root() { [ "$(id -u)" = 0 ]; }

need_root_on_debian() { # need_root_on_debian WHAT HOW: installing it is for root on Debian, others are told how
    { is_debian && is_root; } || fail "$1 is missing. $2 (As root on Debian this script installs it.)"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" 2>&1 </dev/null
}

apt_install() { # apt_install PACKAGE...: with the lists at hand, or with fresh ones where those are too old
    local said
    say "installing $*"
    said=$(apt install "$@") && return
    say "reading the package lists"
    # A foreign source that fails does not matter as long as the packages can be had.
    apt update >/dev/null || say "apt-get update complains; going on"
    said=$(apt install "$@") || fail "apt-get cannot install $*: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
}

suite_of_this_machine() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }
# shellcheck disable=SC2016  # the $() is for apt-get
archive() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $(suite_of_this_machine)" | head -n 1; }

need_program() { # need_program PROGRAM PACKAGE
    ! command -v "$1" >/dev/null || return 0
    need_root_on_debian "The program $1" "Install the package $2."
    apt_install "$2"
}

# A network that opens TLS signs with an authority of its own. Whichever of the usual variables names its bundle, uv
# and the builds (DAGSHIP_CA_CERT) must know it as well.
bundle=${DAGSHIP_CA_CERT:-${PIP_CERT:-${SSL_CERT_FILE:-${REQUESTS_CA_BUNDLE:-}}}}
if [ -n "$bundle" ] && [ -r "$bundle" ]; then
    export DAGSHIP_CA_CERT="$bundle" SSL_CERT_FILE="${SSL_CERT_FILE:-$bundle}"
fi
unset bundle

# What a machine may set for Python and pip that would change what is installed here, or where.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_USER
